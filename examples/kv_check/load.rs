//! Writes by many connections, and the look at what became of them.

use std::time::{Duration, Instant};

use crate::Outcome;
use crate::client::{Client, Reply, command};
use crate::ledger::{Ledger, value};

/// Commands in one pipeline.
const DEPTH: u64 = 16;
/// Keys of a connection that are written again and again.
const OFTEN: u64 = 50;
/// One write in so many goes to a key of its own.
const ONCE: u64 = 8;

enum Sent {
    Set {
        key: String,
        version: u64,
    },
    Increment {
        key: String,
    },
    Get {
        key: String,
    },
    /// Keys of several shards.
    SetMany {
        keys: Vec<String>,
        version: u64,
    },
}

/// Writes for some seconds, or until there is a file `log`.stop, or with `cut` until the server goes away; then
/// writes the ledger to `log`.
pub async fn load(port: u16, log: &str, seconds: u64, connections: u64, cut: bool) -> Outcome {
    let until = Until { time: Instant::now() + Duration::from_secs(seconds), file: format!("{log}.stop") };
    let tasks: Vec<_> = (0..connections)
        .map(|number| {
            tokio::spawn(one(port, format!("{:x}:{number}", std::process::id()), until.clone(), cut))
        })
        .collect();
    let mut all = Ledger::default();
    let mut failures = Vec::new();
    let mut dropped = 0;
    for task in tasks {
        let (ledger, end) = task.await?;
        all.join(ledger);
        match end {
            End::Time => {}
            End::Dropped => dropped += 1,
            End::Wrong(text) => failures.push(text),
        }
    }
    std::fs::write(log, all.write())?;
    let line = format!(
        "load: {} writes acknowledged on {connections} connections, {} errors, {dropped} connections dropped",
        all.acknowledged, all.errors
    );
    if let Some(first) = failures.first() {
        return Err(format!("{line}; {} wrong, the first: {first}", failures.len()).into());
    }
    if !cut && dropped > 0 {
        return Err(line.into());
    }
    Ok(line)
}

/// When the writing is over.
#[derive(Clone)]
struct Until {
    time: Instant,
    file: String,
}

impl Until {
    /// Looks for the file now and then only.
    fn is_over(&self, pipelines: u64) -> bool {
        Instant::now() >= self.time
            || (pipelines.is_multiple_of(64) && std::fs::exists(&self.file).unwrap_or(false))
    }
}

enum End {
    Time,
    Dropped,
    Wrong(String),
}

async fn one(port: u16, name: String, until: Until, cut: bool) -> (Ledger, End) {
    let mut ledger = Ledger::default();
    let end = match write(port, &name, &until, &mut ledger).await {
        Ok(None) if cut => End::Wrong("the server did not go away".into()),
        Ok(None) => End::Time,
        Ok(Some(wrong)) => End::Wrong(wrong),
        Err(_) => End::Dropped,
    };
    (ledger, end)
}

/// An error is a connection that ended; a text, an answer that must not be.
async fn write(port: u16, name: &str, until: &Until, ledger: &mut Ledger) -> std::io::Result<Option<String>> {
    let mut client = Client::connect(port).await?;
    let mut version = 0;
    while !until.is_over(version / DEPTH) {
        let mut out = Vec::new();
        let mut sent = Vec::new();
        for step in 0..DEPTH {
            version += 1;
            sent.push(match step {
                3 | 7 | 11 => Sent::Increment { key: format!("{name}:count:{}", version % 3) },
                4 | 8 => Sent::Get { key: format!("{name}:often:{}", version % OFTEN) },
                12 => {
                    Sent::SetMany { keys: (0..4).map(|key| format!("{name}:many:{key}")).collect(), version }
                }
                _ if version % ONCE == 0 => Sent::Set { key: format!("{name}:once:{version}"), version },
                _ => Sent::Set { key: format!("{name}:often:{}", version % OFTEN), version },
            });
        }
        for sent in &sent {
            match sent {
                Sent::Set { key, version } => {
                    command(&mut out, &[b"SET", key.as_bytes(), &value(key, *version)])
                }
                Sent::Increment { key } => command(&mut out, &[b"INCR", key.as_bytes()]),
                Sent::Get { key } => command(&mut out, &[b"GET", key.as_bytes()]),
                Sent::SetMany { keys, version } => {
                    let values: Vec<_> = keys.iter().map(|key| value(key, *version)).collect();
                    let mut words: Vec<&[u8]> = vec![b"MSET"];
                    for (key, value) in keys.iter().zip(&values) {
                        words.extend([key.as_bytes(), value]);
                    }
                    command(&mut out, &words);
                }
            }
        }
        let mut sent = sent.into_iter();
        let outcome = converse(&mut client, &out, &mut sent, ledger).await;
        // What was sent and not answered is open.
        for sent in sent {
            note(ledger, sent, &Reply::Error(String::new()));
        }
        if let Some(wrong) = outcome? {
            return Ok(Some(wrong));
        }
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
    Ok(None)
}

async fn converse(
    client: &mut Client,
    out: &[u8],
    sent: &mut std::vec::IntoIter<Sent>,
    ledger: &mut Ledger,
) -> std::io::Result<Option<String>> {
    client.send(out).await?;
    while sent.len() > 0 {
        let reply = client.reply().await?;
        if let Reply::Error(text) = &reply {
            ledger.errors += 1;
            if !text.contains("crashed") {
                return Ok(Some(format!("an error that is no crash: {text}")));
            }
        }
        if let Some(wrong) = sent.next().and_then(|sent| note(ledger, sent, &reply)) {
            return Ok(Some(wrong));
        }
    }
    Ok(None)
}

/// Enters an answer; a text when it must not be.
fn note(ledger: &mut Ledger, sent: Sent, reply: &Reply) -> Option<String> {
    let failed = matches!(reply, Reply::Error(_));
    let ok = matches!(reply, Reply::SimpleString(text) if text == b"OK");
    match sent {
        Sent::Set { key, version } => {
            ledger.set(key, version, ok);
            (!ok && !failed).then(|| format!("SET was answered with {reply:?}"))
        }
        Sent::SetMany { keys, version } => {
            for key in keys {
                ledger.set(key, version, ok);
            }
            (!ok && !failed).then(|| format!("MSET was answered with {reply:?}"))
        }
        Sent::Increment { key } => {
            let count = if let Reply::Integer(count) = reply { u64::try_from(*count).ok() } else { None };
            ledger.count(key.clone(), count.is_some());
            match count {
                Some(count) => {
                    let right = ledger.allows_count(&key, count);
                    // From now on it is this many, whatever became of the open ones.
                    ledger.counters.insert(key.clone(), (count, 0));
                    (!right).then(|| format!("{key} was counted to {count}"))
                }
                None => (!failed).then(|| format!("INCR was answered with {reply:?}")),
            }
        }
        Sent::Get { key } => {
            let right = match reply {
                Reply::BulkString(bytes) => ledger.allows(&key, Some(bytes)),
                Reply::Null => ledger.allows(&key, None),
                _ => failed,
            };
            (!right).then(|| format!("{key} was read as {reply:?}, not {:?}", ledger.values.get(&key)))
        }
    }
}

/// Looks whether all of a ledger is there.
pub async fn verify(port: u16, log: &str) -> Outcome {
    let ledger = Ledger::read(&std::fs::read_to_string(log)?)?;
    let mut client = Client::connect(port).await?;
    let mut lost = Vec::new();
    let values: Vec<&String> = ledger.values.keys().collect();
    for keys in values.chunks(100) {
        let mut words: Vec<&[u8]> = vec![b"MGET"];
        words.extend(keys.iter().map(|key| key.as_bytes()));
        let Reply::Array(found) = client.ask(&words).await? else { return Err("MGET gave no array".into()) };
        for (key, found) in keys.iter().zip(found) {
            let read = if let Reply::BulkString(bytes) = &found { Some(bytes.as_slice()) } else { None };
            if !ledger.allows(key, read) {
                lost.push(format!("{key} is {found:?}, not {:?}", ledger.values.get(*key)));
            }
        }
    }
    for key in ledger.counters.keys() {
        let found = client.ask(&[b"GET", key.as_bytes()]).await?;
        let read = match &found {
            Reply::BulkString(bytes) => String::from_utf8_lossy(bytes).parse().ok(),
            _ => Some(0),
        };
        if !read.is_some_and(|read| ledger.allows_count(key, read)) {
            lost.push(format!("{key} is {found:?}, not {:?}", ledger.counters.get(key)));
        }
    }
    let line = format!(
        "verify: {} acknowledged writes in {} keys, {} lost",
        ledger.acknowledged,
        ledger.values.len() + ledger.counters.len(),
        lost.len()
    );
    match lost.first() {
        None => Ok(line),
        Some(first) => Err(format!("{line}; the first: {first}").into()),
    }
}
