//! The keys of one shard: what an operation answers and what of it has to be remembered.
//!
//! No clock and no file: the time comes in, the records go out. Whatever changes is a [`Record`], and
//! taking the records in order rebuilds the same store; nothing else is needed after a crash.

use std::collections::BTreeSet;

use hashbrown::HashMap;

use crate::blob::Blob;
use crate::glob;
use crate::reply::Reply;

/// One operation on the keys of one shard.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    Get {
        key: Blob,
    },
    GetDel {
        key: Blob,
    },
    Set {
        key: Blob,
        value: Blob,
        lifetime: Lifetime,
        when: When,
        get: bool,
    },
    Delete {
        key: Blob,
    },
    Exists {
        key: Blob,
    },
    Add {
        key: Blob,
        by: i64,
    },
    Append {
        key: Blob,
        value: Blob,
    },
    Length {
        key: Blob,
    },
    Expire {
        key: Blob,
        at: u64,
    },
    Persist {
        key: Blob,
    },
    /// In units of so many milliseconds.
    TimeToLive {
        key: Blob,
        unit: u64,
    },
    Keys {
        pattern: Blob,
    },
    Count,
    Flush,
}

impl Op {
    /// The key it is about.
    pub fn key(&self) -> &[u8] {
        match self {
            Self::Get { key }
            | Self::GetDel { key }
            | Self::Set { key, .. }
            | Self::Delete { key }
            | Self::Exists { key }
            | Self::Add { key, .. }
            | Self::Append { key, .. }
            | Self::Length { key }
            | Self::Expire { key, .. }
            | Self::Persist { key }
            | Self::TimeToLive { key, .. } => key,
            Self::Keys { .. } | Self::Count | Self::Flush => &[],
        }
    }
}

/// How long a value set now stays. Times are in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    Forever,
    AsBefore,
    Until(u64),
}

/// When a value is set at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Always,
    Absent,
    Present,
}

/// One change, as it is remembered. `until` is 0 for forever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    Put { key: &'a [u8], value: &'a [u8], until: u64 },
    Append { key: &'a [u8], tail: &'a [u8] },
    Until { key: &'a [u8], until: u64 },
    Delete { key: &'a [u8] },
    Flush,
}

/// Where records go.
pub trait Remember {
    fn remember(&mut self, record: Record<'_>);
}

#[derive(Clone, Debug)]
struct Entry {
    value: Blob,
    until: u64,
}

impl Entry {
    fn is_over(&self, now: u64) -> bool {
        self.until != 0 && self.until <= now
    }
}

/// The keys of one shard.
#[derive(Debug, Default)]
pub struct Store {
    entries: HashMap<Blob, Entry>,
    /// The keys that will be over, in that order.
    due: BTreeSet<(u64, Blob)>,
    /// What keys and values come to.
    bytes: usize,
}

impl Store {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many keys have an end.
    pub fn mortal(&self) -> usize {
        self.due.len()
    }

    /// What a journal of all that is here would come to, about.
    pub fn bytes(&self) -> usize {
        self.bytes + self.entries.len() * 17
    }

    /// Does it. What changed is in `journal` before this returns; the caller keeps the answer back until
    /// it is safe.
    pub fn apply(&mut self, op: Op, now: u64, value_limit: usize, journal: &mut impl Remember) -> Reply {
        match op {
            Op::Get { key } => {
                self.live(&key, now).map_or(Reply::Null, |entry| Reply::Bulk(entry.value.clone()))
            }
            Op::GetDel { key } => match self.take(&key) {
                Some(entry) => {
                    journal.remember(Record::Delete { key: &key });
                    if entry.is_over(now) { Reply::Null } else { Reply::Bulk(entry.value) }
                }
                None => Reply::Null,
            },
            Op::Set { key, value, lifetime, when, get } => {
                // The plain case looks the key up once.
                if (when, get, lifetime) == (When::Always, false, Lifetime::Forever) {
                    journal.remember(Record::Put { key: &key, value: &value, until: 0 });
                    self.put(key, value, 0);
                    return Reply::Ok;
                }
                let old = self.live(&key, now);
                let allowed = match when {
                    When::Always => true,
                    When::Absent => old.is_none(),
                    When::Present => old.is_some(),
                };
                let until = match lifetime {
                    Lifetime::Forever => 0,
                    Lifetime::AsBefore => old.map_or(0, |old| old.until),
                    Lifetime::Until(at) => at,
                };
                let before = old.map_or(Reply::Null, |old| Reply::Bulk(old.value.clone()));
                if allowed {
                    journal.remember(Record::Put { key: &key, value: &value, until });
                    self.put(key, value, until);
                }
                match (get, allowed) {
                    (true, _) => before,
                    (false, true) => Reply::Ok,
                    (false, false) => Reply::Null,
                }
            }
            Op::Delete { key } => match self.take(&key) {
                Some(entry) => {
                    journal.remember(Record::Delete { key: &key });
                    Reply::Int(i64::from(!entry.is_over(now)))
                }
                None => Reply::Int(0),
            },
            Op::Exists { key } => Reply::Int(i64::from(self.live(&key, now).is_some())),
            Op::Add { key, by } => {
                let (old, until) = match self.live(&key, now) {
                    Some(entry) => (entry.value.as_number(), entry.until),
                    None => (Some(0), 0),
                };
                let Some(old) = old else {
                    return Reply::error("ERR value is not an integer or out of range");
                };
                let Some(new) = old.checked_add(by) else {
                    return Reply::error("ERR increment or decrement would overflow");
                };
                let value = Blob::number(new);
                journal.remember(Record::Put { key: &key, value: &value, until });
                self.put(key, value, until);
                Reply::Int(new)
            }
            Op::Append { key, value } => {
                let Some(old) = self.live(&key, now) else {
                    // All of it, not its tail: a value that is over may lie there when this is read again.
                    journal.remember(Record::Put { key: &key, value: &value, until: 0 });
                    let len = value.len();
                    self.put(key, value, 0);
                    return Reply::Int(len as i64);
                };
                let len = old.value.len() + value.len();
                if len > value_limit {
                    return Reply::error(format!(
                        "ERR a value of {len} bytes is over the limit of {value_limit} bytes"
                    ));
                }
                journal.remember(Record::Append { key: &key, tail: &value });
                self.append(&key, &value);
                Reply::Int(len as i64)
            }
            Op::Length { key } => {
                Reply::Int(self.live(&key, now).map_or(0, |entry| entry.value.len() as i64))
            }
            Op::Expire { key, at } => {
                if self.live(&key, now).is_none() {
                    return Reply::Int(0);
                }
                if at <= now {
                    journal.remember(Record::Delete { key: &key });
                    self.take(&key);
                } else {
                    journal.remember(Record::Until { key: &key, until: at });
                    self.set_until(&key, at);
                }
                Reply::Int(1)
            }
            Op::Persist { key } => {
                if self.live(&key, now).is_none_or(|entry| entry.until == 0) {
                    return Reply::Int(0);
                }
                journal.remember(Record::Until { key: &key, until: 0 });
                self.set_until(&key, 0);
                Reply::Int(1)
            }
            Op::TimeToLive { key, unit } => Reply::Int(match self.live(&key, now) {
                None => -2,
                Some(entry) if entry.until == 0 => -1,
                // Rounded as Redis rounds it.
                Some(entry) => ((entry.until - now + unit / 2) / unit) as i64,
            }),
            Op::Keys { pattern } => Reply::Array(
                self.entries
                    .iter()
                    .filter(|(key, entry)| !entry.is_over(now) && glob::matches(&pattern, key))
                    .map(|(key, _)| Reply::Bulk(key.clone()))
                    .collect(),
            ),
            Op::Count => Reply::Int(self.entries.len() as i64),
            Op::Flush => {
                journal.remember(Record::Flush);
                *self = Self::default();
                Reply::Ok
            }
        }
    }

    /// Takes one change from a journal. Whether it is over is not asked: later records may say otherwise.
    pub fn replay(&mut self, record: Record<'_>) {
        match record {
            Record::Put { key, value, until } => self.put(Blob::copy(key), Blob::copy(value), until),
            Record::Append { key, tail } => self.append(key, tail),
            Record::Until { key, until } => self.set_until(key, until),
            Record::Delete { key } => drop(self.take(key)),
            Record::Flush => *self = Self::default(),
        }
    }

    /// Forgets up to `limit` keys that are over; returns how many. Not remembered: their end is on record.
    pub fn expire(&mut self, now: u64, limit: usize) -> usize {
        let mut gone = 0;
        while gone < limit {
            match self.due.first() {
                Some((until, key)) if *until <= now => {
                    let key = key.clone();
                    self.take(&key);
                    gone += 1;
                }
                _ => break,
            }
        }
        gone
    }

    /// Tells all that is here as records.
    pub fn recount(&self, now: u64, mut tell: impl FnMut(Record<'_>)) {
        for (key, entry) in &self.entries {
            if !entry.is_over(now) {
                tell(Record::Put { key, value: &entry.value, until: entry.until });
            }
        }
    }

    #[inline]
    fn live(&self, key: &[u8], now: u64) -> Option<&Entry> {
        self.entries.get(key).filter(|entry| !entry.is_over(now))
    }

    fn put(&mut self, key: Blob, value: Blob, until: u64) {
        if until != 0 {
            self.due.insert((until, key.clone()));
        }
        match self.entries.get_mut(&*key) {
            Some(entry) => {
                self.bytes = self.bytes - entry.value.len() + value.len();
                let old = std::mem::replace(entry, Entry { value, until });
                if old.until != 0 && old.until != until {
                    self.due.remove(&(old.until, key));
                }
            }
            None => {
                self.bytes += key.len() + value.len();
                self.entries.insert(key, Entry { value, until });
            }
        }
    }

    fn take(&mut self, key: &[u8]) -> Option<Entry> {
        let (key, entry) = self.entries.remove_entry(key)?;
        self.bytes -= key.len() + entry.value.len();
        if entry.until != 0 {
            self.due.remove(&(entry.until, key));
        }
        Some(entry)
    }

    fn append(&mut self, key: &[u8], tail: &[u8]) {
        if let Some(entry) = self.entries.get_mut(key) {
            let old = std::mem::replace(&mut entry.value, Blob::copy(&[]));
            entry.value = old.append(tail);
            self.bytes += tail.len();
        }
    }

    fn set_until(&mut self, key: &[u8], until: u64) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        let old = std::mem::replace(&mut entry.until, until);
        if old != 0 {
            self.due.remove(&(old, Blob::copy(key)));
        }
        if until != 0 {
            self.due.insert((until, Blob::copy(key)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Remembers by copying.
    #[derive(Default)]
    struct Notes(Vec<Vec<u8>>);

    impl Remember for Notes {
        fn remember(&mut self, record: Record<'_>) {
            let mut bytes = Vec::new();
            crate::journal::encode(&mut bytes, record);
            self.0.push(bytes);
        }
    }

    impl Notes {
        fn rebuild(&self) -> Store {
            let mut store = Store::default();
            for mut bytes in self.0.iter().map(Vec::as_slice) {
                store.replay(crate::journal::decode(&mut bytes).expect("a record"));
            }
            store
        }
    }

    const LIMIT: usize = 1_000;

    fn set(key: &str, value: &str, lifetime: Lifetime, when: When, get: bool) -> Op {
        Op::Set { key: key.into(), value: value.into(), lifetime, when, get }
    }

    fn put(key: &str, value: &str) -> Op {
        set(key, value, Lifetime::Forever, When::Always, false)
    }

    fn get(key: &str) -> Op {
        Op::Get { key: key.into() }
    }

    /// Runs operations at their times and gives the answers.
    fn run(ops: Vec<(u64, Op)>) -> (Store, Notes, Vec<Reply>) {
        let (mut store, mut notes) = (Store::default(), Notes::default());
        let replies = ops.into_iter().map(|(now, op)| store.apply(op, now, LIMIT, &mut notes)).collect();
        (store, notes, replies)
    }

    #[test]
    fn set_and_its_conditions() {
        let (_, _, replies) = run(vec![
            (1, set("a", "1", Lifetime::Forever, When::Present, false)),
            (1, set("a", "1", Lifetime::Forever, When::Absent, false)),
            (1, set("a", "2", Lifetime::Forever, When::Absent, false)),
            (1, set("a", "3", Lifetime::Forever, When::Absent, true)),
            (1, set("a", "4", Lifetime::Forever, When::Always, true)),
            (1, get("a")),
        ]);
        let bulk = |text: &str| Reply::bulk(text);
        assert_eq!(replies, [Reply::Null, Reply::Ok, Reply::Null, bulk("1"), bulk("1"), bulk("4")]);
    }

    #[test]
    fn a_key_is_gone_when_its_time_is_over() {
        let ttl = |unit| Op::TimeToLive { key: "a".into(), unit };
        let (mut store, _, replies) = run(vec![
            (1_000, set("a", "1", Lifetime::Until(4_000), When::Always, false)),
            (1_500, ttl(1)),
            (1_400, ttl(1_000)),
            (1_500, set("a", "2", Lifetime::AsBefore, When::Always, false)),
            (3_999, get("a")),
            (4_000, get("a")),
            (4_000, ttl(1)),
            (4_000, Op::Delete { key: "a".into() }),
        ]);
        assert_eq!(
            replies,
            [
                Reply::Ok,
                Reply::Int(2_500),
                Reply::Int(3),
                Reply::Ok,
                Reply::bulk("2"),
                Reply::Null,
                Reply::Int(-2),
                Reply::Int(0)
            ]
        );
        assert_eq!((store.len(), store.mortal(), store.bytes()), (0, 0, 0));
        for key in 0..10 {
            store.apply(
                set(&key.to_string(), "x", Lifetime::Until(100 + key), When::Always, false),
                1,
                LIMIT,
                &mut Notes::default(),
            );
        }
        assert_eq!(store.expire(104, 3), 3);
        assert_eq!(store.expire(104, 30), 2);
        assert_eq!((store.len(), store.mortal()), (5, 5));
    }

    #[test]
    fn counting_and_its_limits() {
        let add = |by| Op::Add { key: "n".into(), by };
        let (_, _, replies) = run(vec![
            (1, add(5)),
            (1, add(-7)),
            (1, put("n", "9223372036854775807")),
            (1, add(1)),
            (1, put("n", "abc")),
            (1, add(1)),
        ]);
        assert_eq!(replies[..2], [Reply::Int(5), Reply::Int(-2)]);
        assert!(matches!(&replies[3], Reply::Error(text) if text.contains("overflow")));
        assert!(matches!(&replies[5], Reply::Error(text) if text.contains("not an integer")));
    }

    #[test]
    fn append_stops_at_the_limit() {
        let append = |len: usize| Op::Append { key: "a".into(), value: Blob::copy(&vec![b'x'; len]) };
        let (store, _, replies) = run(vec![(1, append(600)), (1, append(400)), (1, append(1))]);
        assert_eq!(replies[..2], [Reply::Int(600), Reply::Int(1_000)]);
        assert!(matches!(replies[2], Reply::Error(_)));
        assert_eq!(store.bytes(), 1_001 + 17);
    }

    #[test]
    fn the_records_rebuild_the_store_whatever_was_done() {
        let mut seed = 7_u64;
        let mut random = move |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..50 {
            let (mut store, mut notes) = (Store::default(), Notes::default());
            let mut now = 1_000;
            for _ in 0..400 {
                now += random(20);
                let key = Blob::from(&*format!("key {}", random(8)));
                let value = Blob::copy(&vec![b'0' + random(10) as u8; random(40) as usize]);
                let op = match random(12) {
                    0..3 => {
                        Op::Set { key, value, lifetime: Lifetime::Forever, when: When::Always, get: false }
                    }
                    3 => Op::Set {
                        key,
                        value,
                        lifetime: Lifetime::Until(now + random(60) + 1),
                        when: When::Always,
                        get: true,
                    },
                    4 => {
                        Op::Set { key, value, lifetime: Lifetime::AsBefore, when: When::Present, get: false }
                    }
                    5 => Op::Append { key, value },
                    6 => Op::Add { key, by: 3 },
                    7 => Op::Delete { key },
                    8 => Op::Expire { key, at: now + random(50) },
                    9 => Op::Persist { key },
                    10 => Op::GetDel { key },
                    _ if random(20) == 0 => Op::Flush,
                    _ => Op::Exists { key },
                };
                store.apply(op, now, LIMIT, &mut notes);
                if random(10) == 0 {
                    store.expire(now, 100);
                }
            }
            let mut rebuilt = notes.rebuild();
            store.expire(now, usize::MAX);
            rebuilt.expire(now, usize::MAX);
            let contents = |store: &Store| {
                let mut all = Vec::new();
                store.recount(now, |record| all.push(format!("{record:?}")));
                all.sort();
                all
            };
            assert_eq!(contents(&store), contents(&rebuilt));
            assert_eq!((store.bytes(), &store.due), (rebuilt.bytes(), &rebuilt.due));
        }
    }
}
