//! What a client can say. Parsed once, where it is read; nothing behind this file looks at words again.

use std::borrow::Cow;
use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::blob::{Blob, parse_number};
use crate::reply::Resp;
use crate::store::{Lifetime, Op, When};

/// How many names [`Command::parse`] knows.
pub const NAMES: i64 = 34;

/// A command, checked: right name, right number of arguments, right numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// About one key: its shard does it.
    Key(Op),
    Mget(Vec<Blob>),
    Mset(Vec<(Blob, Blob)>),
    Del(Vec<Blob>),
    Exists(Vec<Blob>),
    Keys(Blob),
    DbSize,
    FlushAll,
    Ping(Option<Blob>),
    Echo(Blob),
    /// With what to switch to, and what the connection is to be called.
    Hello(Option<Resp>, Option<Blob>),
    Quit,
    Select,
    Info,
    /// `COMMAND COUNT`, and everything else about commands.
    HowMany,
    Described,
    ConfigGet(Vec<Blob>),
    ConfigOther,
    Client(Client),
    Subscribe(Vec<Blob>),
    Unsubscribe(Vec<Blob>),
    Publish(Blob, Blob),
    DebugPanic(Blob),
    /// No command; the text is its answer.
    Refused(Cow<'static, str>),
}

/// What can be said about one's own connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Client {
    Id,
    GetName,
    SetName(Blob),
    Info,
    /// Accepted and without effect here.
    Other,
}

/// The words of one command, where they were read to.
#[derive(Debug)]
pub struct Args<'a> {
    bytes: &'a [u8],
    /// The same bytes, where they may be kept.
    kept: Option<&'a Bytes>,
    ranges: &'a [Range<usize>],
}

impl<'a> Args<'a> {
    pub fn new(bytes: &'a [u8], kept: Option<&'a Bytes>, ranges: &'a [Range<usize>]) -> Self {
        Self { bytes, kept, ranges }
    }

    fn len(&self) -> usize {
        self.ranges.len()
    }

    fn word(&self, place: usize) -> &'a [u8] {
        self.ranges.get(place).and_then(|range| self.bytes.get(range.clone())).unwrap_or_default()
    }

    #[inline]
    fn blob(&self, place: usize) -> Blob {
        match (self.kept, self.ranges.get(place)) {
            (Some(kept), Some(range)) => Blob::part(kept, range.clone()),
            _ => Blob::copy(self.word(place)),
        }
    }

    fn blobs(&self, from: usize) -> Vec<Blob> {
        (from..self.len()).map(|place| self.blob(place)).collect()
    }

    fn number(&self, place: usize) -> Result<i64, Wrong> {
        parse_number(self.word(place)).ok_or(Wrong::Number)
    }

    fn is(&self, place: usize, word: &str) -> bool {
        self.word(place).eq_ignore_ascii_case(word.as_bytes())
    }
}

/// What is wrong with a command.
enum Wrong {
    Unknown,
    Count,
    Number,
    Syntax,
    Expiry,
    Other(String),
}

impl Command {
    /// No command: its answer is this error.
    pub fn refused(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(text.into())
    }

    /// Reads one.
    pub fn parse(args: &Args<'_>) -> Self {
        let mut name = [0; 16];
        let word = args.word(0);
        let Some(name) = name.get_mut(..word.len()) else { return Self::wrong(Wrong::Unknown, args) };
        name.copy_from_slice(word);
        name.make_ascii_uppercase();
        read(name, args).unwrap_or_else(|wrong| Self::wrong(wrong, args))
    }

    fn wrong(wrong: Wrong, args: &Args<'_>) -> Self {
        let name = args.word(0);
        let name = name[..name.len().min(64)].escape_ascii().to_string().to_ascii_lowercase();
        Self::refused(match wrong {
            Wrong::Unknown => format!("ERR unknown command '{name}'"),
            Wrong::Count => format!("ERR wrong number of arguments for '{name}' command"),
            Wrong::Number => "ERR value is not an integer or out of range".into(),
            Wrong::Syntax => "ERR syntax error".into(),
            Wrong::Expiry => format!("ERR invalid expire time in '{name}' command"),
            Wrong::Other(text) => text,
        })
    }
}

fn read(name: &[u8], args: &Args<'_>) -> Result<Command, Wrong> {
    let words = args.len();
    let exactly = |wanted: usize| if words == wanted { Ok(()) } else { Err(Wrong::Count) };
    let at_least = |wanted: usize| if words >= wanted { Ok(()) } else { Err(Wrong::Count) };
    let one_key = |op: fn(Blob) -> Op| {
        exactly(2)?;
        Ok(Command::Key(op(args.blob(1))))
    };
    match name {
        b"GET" => one_key(|key| Op::Get { key }),
        b"SET" => {
            at_least(3)?;
            set(args)
        }
        b"GETDEL" => one_key(|key| Op::GetDel { key }),
        b"INCR" => one_key(|key| Op::Add { key, by: 1 }),
        b"DECR" => one_key(|key| Op::Add { key, by: -1 }),
        b"INCRBY" => {
            exactly(3)?;
            Ok(Command::Key(Op::Add { key: args.blob(1), by: args.number(2)? }))
        }
        b"DECRBY" => {
            exactly(3)?;
            let by = args.number(2)?.checked_neg().ok_or(Wrong::Number)?;
            Ok(Command::Key(Op::Add { key: args.blob(1), by }))
        }
        b"APPEND" => {
            exactly(3)?;
            Ok(Command::Key(Op::Append { key: args.blob(1), value: args.blob(2) }))
        }
        b"STRLEN" => one_key(|key| Op::Length { key }),
        b"EXPIRE" | b"PEXPIRE" => {
            exactly(3)?;
            let unit = if name[0] == b'E' { 1_000 } else { 1 };
            let at = from_now(args.number(2)?, unit).ok_or(Wrong::Expiry)?;
            Ok(Command::Key(Op::Expire { key: args.blob(1), at }))
        }
        b"TTL" => one_key(|key| Op::TimeToLive { key, unit: 1_000 }),
        b"PTTL" => one_key(|key| Op::TimeToLive { key, unit: 1 }),
        b"PERSIST" => one_key(|key| Op::Persist { key }),
        b"MGET" => {
            at_least(2)?;
            Ok(Command::Mget(args.blobs(1)))
        }
        b"MSET" => {
            at_least(3)?;
            if words.is_multiple_of(2) {
                return Err(Wrong::Count);
            }
            Ok(Command::Mset((1..words).step_by(2).map(|at| (args.blob(at), args.blob(at + 1))).collect()))
        }
        b"DEL" => {
            at_least(2)?;
            Ok(Command::Del(args.blobs(1)))
        }
        b"EXISTS" => {
            at_least(2)?;
            Ok(Command::Exists(args.blobs(1)))
        }
        b"KEYS" => {
            exactly(2)?;
            Ok(Command::Keys(args.blob(1)))
        }
        b"DBSIZE" => {
            exactly(1)?;
            Ok(Command::DbSize)
        }
        // `ASYNC` and `SYNC` are one here.
        b"FLUSHALL" => {
            if words > 2 {
                return Err(Wrong::Syntax);
            }
            Ok(Command::FlushAll)
        }
        b"PING" => match words {
            1 => Ok(Command::Ping(None)),
            2 => Ok(Command::Ping(Some(args.blob(1)))),
            _ => Err(Wrong::Count),
        },
        b"ECHO" => {
            exactly(2)?;
            Ok(Command::Echo(args.blob(1)))
        }
        b"HELLO" => hello(args),
        b"QUIT" => Ok(Command::Quit),
        b"SELECT" => {
            exactly(2)?;
            match args.number(1)? {
                0 => Ok(Command::Select),
                _ => Err(Wrong::Other("ERR DB index is out of range".into())),
            }
        }
        b"INFO" => Ok(Command::Info),
        b"COMMAND" => Ok(if args.is(1, "COUNT") { Command::HowMany } else { Command::Described }),
        b"CONFIG" => {
            at_least(2)?;
            if args.is(1, "GET") {
                at_least(3)?;
                return Ok(Command::ConfigGet(args.blobs(2)));
            }
            // Tools set and reset what is not there to be set; refused in a way they take.
            Ok(Command::ConfigOther)
        }
        b"CLIENT" => {
            at_least(2)?;
            Ok(Command::Client(match () {
                () if args.is(1, "ID") => Client::Id,
                () if args.is(1, "GETNAME") => Client::GetName,
                () if args.is(1, "SETNAME") => {
                    exactly(3)?;
                    Client::SetName(args.blob(2))
                }
                () if args.is(1, "INFO") || args.is(1, "LIST") => Client::Info,
                () => Client::Other,
            }))
        }
        b"SUBSCRIBE" => {
            at_least(2)?;
            Ok(Command::Subscribe(args.blobs(1)))
        }
        b"UNSUBSCRIBE" => Ok(Command::Unsubscribe(args.blobs(1))),
        b"PUBLISH" => {
            exactly(3)?;
            Ok(Command::Publish(args.blob(1), args.blob(2)))
        }
        b"DEBUG" => {
            if !args.is(1, "PANIC") {
                return Err(Wrong::Other("ERR DEBUG knows PANIC <key> only".into()));
            }
            exactly(3)?;
            Ok(Command::DebugPanic(args.blob(2)))
        }
        _ => Err(Wrong::Unknown),
    }
}

fn set(args: &Args<'_>) -> Result<Command, Wrong> {
    let mut lifetime = Lifetime::Forever;
    let mut when = When::Always;
    let mut get = false;
    let mut place = 3;
    while place < args.len() {
        let mut option = [0; 8];
        let word = args.word(place);
        let option = option.get_mut(..word.len()).ok_or(Wrong::Syntax)?;
        option.copy_from_slice(word);
        option.make_ascii_uppercase();
        match &*option {
            b"NX" if when == When::Always => when = When::Absent,
            b"XX" if when == When::Always => when = When::Present,
            b"GET" => get = true,
            b"KEEPTTL" if lifetime == Lifetime::Forever => lifetime = Lifetime::AsBefore,
            b"EX" | b"PX" if lifetime == Lifetime::Forever => {
                let unit = if option[0] == b'E' { 1_000 } else { 1 };
                place += 1;
                if place == args.len() {
                    return Err(Wrong::Syntax);
                }
                let amount = args.number(place)?;
                if amount <= 0 {
                    return Err(Wrong::Expiry);
                }
                lifetime = Lifetime::Until(from_now(amount, unit).ok_or(Wrong::Expiry)?);
            }
            _ => return Err(Wrong::Syntax),
        }
        place += 1;
    }
    Ok(Command::Key(Op::Set { key: args.blob(1), value: args.blob(2), lifetime, when, get }))
}

fn hello(args: &Args<'_>) -> Result<Command, Wrong> {
    if args.len() == 1 {
        return Ok(Command::Hello(None, None));
    }
    let resp = match args.word(1) {
        b"2" => Resp::Two,
        b"3" => Resp::Three,
        _ => return Err(Wrong::Other("NOPROTO unsupported protocol version".into())),
    };
    let mut name = None;
    let mut place = 2;
    while place < args.len() {
        if args.is(place, "SETNAME") && place + 1 < args.len() {
            name = Some(args.blob(place + 1));
            place += 2;
        } else if args.is(place, "AUTH") {
            return Err(Wrong::Other("ERR AUTH called without any password configured".into()));
        } else {
            return Err(Wrong::Syntax);
        }
    }
    Ok(Command::Hello(Some(resp), name))
}

/// Milliseconds since 1970: an expiry has to mean the same after a restart.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// That many units of milliseconds from now; what is over already is at 1, since 0 is never.
fn from_now(amount: i64, unit: i64) -> Option<u64> {
    let at = i64::try_from(now()).ok()?.checked_add(amount.checked_mul(unit)?)?;
    Some(u64::try_from(at).unwrap_or(0).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Command {
        let mut ranges = Vec::new();
        let mut at = 0;
        for word in text.split(' ') {
            ranges.push(at..at + word.len());
            at += word.len() + 1;
        }
        Command::parse(&Args::new(text.as_bytes(), None, &ranges))
    }

    fn refusal(text: &str) -> String {
        match parse(text) {
            Command::Refused(refusal) => refusal.into(),
            other => panic!("{text} was taken for {other:?}"),
        }
    }

    #[test]
    fn set_takes_its_options_in_any_order() {
        let Command::Key(Op::Set { lifetime, when, get, .. }) = parse("set k v nx PX 1500 get") else {
            panic!()
        };
        assert!(matches!(lifetime, Lifetime::Until(at) if at > now() && at <= now() + 1_500));
        assert_eq!((when, get), (When::Absent, true));
    }

    #[test]
    fn what_is_wrong_is_said_as_redis_says_it() {
        assert_eq!(refusal("nonsense 1 2"), "ERR unknown command 'nonsense'");
        assert_eq!(refusal("averyveryverylongname"), "ERR unknown command 'averyveryverylongname'");
        assert_eq!(refusal("get"), "ERR wrong number of arguments for 'get' command");
        assert_eq!(refusal("mset a"), "ERR wrong number of arguments for 'mset' command");
        assert_eq!(refusal("mset a 1 b"), "ERR wrong number of arguments for 'mset' command");
        assert_eq!(refusal("set k v NX XX"), "ERR syntax error");
        assert_eq!(refusal("set k v EX"), "ERR syntax error");
        assert_eq!(refusal("set k v EX 0"), "ERR invalid expire time in 'set' command");
        assert_eq!(refusal("set k v EX 99999999999999999"), "ERR invalid expire time in 'set' command");
        assert_eq!(refusal("incrby k x"), "ERR value is not an integer or out of range");
        assert_eq!(refusal("expire k 9223372036854775807"), "ERR invalid expire time in 'expire' command");
        assert_eq!(refusal("hello 4"), "NOPROTO unsupported protocol version");
    }

    #[test]
    fn a_time_that_is_over_is_a_time() {
        assert!(matches!(parse("expire k -1"), Command::Key(Op::Expire { at, .. }) if at < now()));
        assert!(matches!(parse("expire k -999999999999"), Command::Key(Op::Expire { at: 1, .. })));
    }
}
