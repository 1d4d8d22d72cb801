//! What the server has acknowledged, and what it may have done besides.
//!
//! A write that was answered with an error, or not at all, may have been done or not: it is open. An
//! acknowledged write closes the open ones before it, since a key's writes are done in order.

use std::collections::BTreeMap;
use std::error::Error;

/// The writes of one connection, or of all of them.
#[derive(Debug, Default)]
pub struct Ledger {
    /// By key: the last acknowledged version (0 for none) and the open ones behind it.
    pub values: BTreeMap<String, (u64, Vec<u64>)>,
    /// By key: how many increments were acknowledged, how many are open.
    pub counters: BTreeMap<String, (u64, u64)>,
    pub acknowledged: u64,
    pub errors: u64,
}

/// The value of a key's version: binary, and told apart from that of every other key and version.
pub fn value(key: &str, version: u64) -> Vec<u8> {
    let mut bytes = format!("{key}\r\n{version}\r\n").into_bytes();
    bytes.extend_from_slice(b"\0\xff$-1\r\n");
    bytes.resize(bytes.len() + (version % 50) as usize, b'\n');
    bytes
}

impl Ledger {
    pub fn set(&mut self, key: String, version: u64, acknowledged: bool) {
        let entry = self.values.entry(key).or_default();
        if acknowledged {
            *entry = (version, Vec::new());
            self.acknowledged += 1;
        } else {
            entry.1.push(version);
        }
    }

    pub fn count(&mut self, key: String, acknowledged: bool) {
        let entry = self.counters.entry(key).or_default();
        if acknowledged {
            entry.0 += 1;
            self.acknowledged += 1;
        } else {
            entry.1 += 1;
        }
    }

    /// Whether a value that was read is one that may be there.
    pub fn allows(&self, key: &str, read: Option<&[u8]>) -> bool {
        let Some((last, open)) = self.values.get(key) else { return read.is_none() };
        match read {
            None => *last == 0,
            Some(read) => {
                let versions = std::iter::once(last).filter(|last| **last != 0).chain(open);
                versions.into_iter().any(|version| value(key, *version) == read)
            }
        }
    }

    /// Whether a count that was read is one that may be there.
    pub fn allows_count(&self, key: &str, read: u64) -> bool {
        let (acknowledged, open) = self.counters.get(key).copied().unwrap_or_default();
        (acknowledged..=acknowledged + open).contains(&read)
    }

    /// Takes in the ledger of another connection; keys are not shared.
    pub fn join(&mut self, other: Self) {
        self.values.extend(other.values);
        self.counters.extend(other.counters);
        self.acknowledged += other.acknowledged;
        self.errors += other.errors;
    }

    pub fn write(&self) -> String {
        let mut text = format!("acknowledged {}\n", self.acknowledged);
        for (key, (last, open)) in &self.values {
            let open: Vec<String> = open.iter().map(u64::to_string).collect();
            text.push_str(&format!("value {key} {last} {}\n", open.join(" ")));
        }
        for (key, (acknowledged, open)) in &self.counters {
            text.push_str(&format!("count {key} {acknowledged} {open}\n"));
        }
        text
    }

    pub fn read(text: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let mut ledger = Self::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match *words {
                ["acknowledged", count] => ledger.acknowledged = count.parse()?,
                ["value", key, last, ref open @ ..] => {
                    let open = open.iter().map(|word| word.parse()).collect::<Result<_, _>>()?;
                    ledger.values.insert(key.into(), (last.parse()?, open));
                }
                ["count", key, acknowledged, open] => {
                    ledger.counters.insert(key.into(), (acknowledged.parse()?, open.parse()?));
                }
                _ => return Err(format!("no line of a ledger: {line}").into()),
            }
        }
        Ok(ledger)
    }
}
