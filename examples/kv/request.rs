//! From bytes to commands: `redis-protocol` reads every element, this file decides how much to let in.
//!
//! 1. A command is an array of bulk strings, or a line of words for a person with a terminal. Elements
//!    are decoded one at a time: a nested array is refused before anything recurses into it.
//! 2. What is too long is known from its header: it is read past, not read in, and answered with an error.
//! 3. After a protocol error nothing can be told about the bytes that follow: the connection ends.

use std::ops::Range;

use bytes::{Buf, BytesMut};
use redis_protocol::resp2::decode::decode_range;
use redis_protocol::resp2::types::RangeFrame;

use crate::command::{Args, Command};

/// The longest header or line of words.
const LINE: usize = 64 * 1024;
/// The most elements of one command.
const ELEMENTS: i64 = 1024 * 1024;
/// What nobody means in earnest: Redis's own bound.
const ABSURD: i64 = 512 * 1024 * 1024;
/// A command from this length on gives its bytes away instead of having them copied.
const GIVEN: usize = 32 * 1024;

/// Bytes that are no command; the text is for the client.
#[derive(Debug, PartialEq, Eq)]
pub struct ProtocolError(pub String);

/// How much a client may send at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest value, in bytes.
    pub value: usize,
    /// The longest command, in bytes.
    pub command: usize,
}

/// Reads commands out of a buffer that fills up in pieces.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    state: State,
    /// Where the next unread byte is.
    at: usize,
    /// Where the arguments of the command in hand are.
    args: Vec<Range<usize>>,
}

#[derive(Debug)]
enum State {
    Between,
    /// So many elements of a command are still to come.
    Elements(usize),
    /// Rule 2: so many bytes to pass, then so many elements.
    Passing {
        bytes: usize,
        elements: usize,
        refusal: String,
    },
}

enum Step {
    Command(Command),
    Nothing,
    More,
}

impl Decoder {
    pub fn new(limits: Limits) -> Self {
        Self { limits, state: State::Between, at: 0, args: Vec::new() }
    }

    /// Moves all whole commands of `buffer` to `commands`.
    ///
    /// # Errors
    /// [`ProtocolError`], after the commands before it.
    pub fn decode(
        &mut self,
        buffer: &mut BytesMut,
        commands: &mut Vec<Command>,
    ) -> Result<(), ProtocolError> {
        loop {
            let step = match self.state {
                State::Between => self.begin(buffer)?,
                State::Elements(left) => self.elements(buffer, left)?,
                State::Passing { .. } => self.pass(buffer)?,
            };
            match step {
                Step::Command(command) => commands.push(command),
                Step::Nothing => {}
                Step::More => break,
            }
        }
        // What a half-read command refers to has to stay.
        if matches!(self.state, State::Between | State::Passing { .. }) && self.at > 0 {
            buffer.advance(self.at);
            self.at = 0;
        }
        Ok(())
    }

    fn begin(&mut self, buffer: &BytesMut) -> Result<Step, ProtocolError> {
        match buffer.get(self.at) {
            None => Ok(Step::More),
            Some(b'*') => {
                let Some((count, next)) = header(buffer, self.at, "multibulk")? else {
                    return Ok(Step::More);
                };
                if count > ELEMENTS {
                    return Err(ProtocolError("invalid multibulk length".into()));
                }
                self.at = next;
                if let Ok(count @ 1..) = usize::try_from(count) {
                    self.state = State::Elements(count);
                }
                Ok(Step::Nothing)
            }
            Some(b'\r' | b'\n') => {
                self.at += 1;
                Ok(Step::Nothing)
            }
            Some(letter) if letter.is_ascii_alphabetic() => self.words(buffer),
            Some(other) => Err(ProtocolError(format!("expected '*', got '{}'", other.escape_ascii()))),
        }
    }

    /// A line of words, as typed into a terminal.
    fn words(&mut self, buffer: &BytesMut) -> Result<Step, ProtocolError> {
        let rest = &buffer[self.at..];
        let Some(len) = rest.iter().position(|byte| *byte == b'\n') else {
            if rest.len() > LINE {
                return Err(ProtocolError("too big inline request".into()));
            }
            return Ok(Step::More);
        };
        let line = &rest[..len];
        if line.iter().any(|byte| !matches!(byte, b' '..=b'~' | b'\t' | b'\r' | 0x80..)) {
            return Err(ProtocolError("unprintable bytes in an inline request".into()));
        }
        let mut args = Vec::new();
        let mut from = None;
        for (place, byte) in line.iter().chain(b" ").enumerate() {
            match (byte.is_ascii_whitespace(), from) {
                (false, None) => from = Some(place),
                (true, Some(start)) => {
                    args.push(self.at + start..self.at + place);
                    from = None;
                }
                _ => {}
            }
        }
        self.at += len + 1;
        Ok(Step::Command(Command::parse(&Args::new(buffer, None, &args))))
    }

    fn elements(&mut self, buffer: &mut BytesMut, mut left: usize) -> Result<Step, ProtocolError> {
        while left > 0 {
            match buffer.get(self.at) {
                None => {
                    self.state = State::Elements(left);
                    return Ok(Step::More);
                }
                Some(b'$') => {}
                // Rule 1.
                Some(other) => {
                    return Err(ProtocolError(format!("expected '$', got '{}'", other.escape_ascii())));
                }
            }
            let frame =
                decode_range(&buffer[self.at..]).map_err(|_| ProtocolError("invalid bulk length".into()))?;
            let (range, next) = match frame {
                Some((RangeFrame::BulkString((from, to)), used)) => {
                    let (from, to) = (self.at + from, self.at + to);
                    if buffer.get(to..to + 2) != Some(b"\r\n") {
                        return Err(ProtocolError("a bulk string is longer than it says".into()));
                    }
                    (from..to, self.at + used)
                }
                Some(_) => return Err(ProtocolError("invalid bulk length".into())),
                None => {
                    self.state = State::Elements(left);
                    let Some((len, from)) = header(buffer, self.at, "bulk")? else { return Ok(Step::More) };
                    if !(0..=ABSURD).contains(&len) {
                        return Err(ProtocolError("invalid bulk length".into()));
                    }
                    let len = len as usize;
                    if let Some(refusal) = self.refusal(len) {
                        self.refuse(buffer, from, len + 2, left - 1, refusal);
                        return Ok(Step::Nothing);
                    }
                    // As much again as is there: a promise alone gets no memory.
                    let missing = (from + len + 2).saturating_sub(buffer.len());
                    buffer.reserve(missing.min(buffer.len().max(LINE)));
                    return Ok(Step::More);
                }
            };
            if let Some(refusal) = self.refusal(range.len()) {
                self.refuse(buffer, next, 0, left - 1, refusal);
                return Ok(Step::Nothing);
            }
            self.args.push(range);
            self.at = next;
            left -= 1;
        }
        self.state = State::Between;
        let start = self.args.first().map_or(self.at, |first| first.start);
        let command = if self.at - start >= GIVEN {
            let given = buffer.split_to(self.at).freeze();
            self.at = 0;
            Command::parse(&Args::new(&given, Some(&given), &self.args))
        } else {
            Command::parse(&Args::new(buffer, None, &self.args))
        };
        self.args.clear();
        Ok(Step::Command(command))
    }

    fn refusal(&self, len: usize) -> Option<String> {
        if len > self.limits.value {
            return Some(format!(
                "ERR a value of {len} bytes is over the limit of {} bytes",
                self.limits.value
            ));
        }
        let start = self.args.first().map_or(self.at, |first| first.start);
        (self.at - start + len > self.limits.command)
            .then(|| format!("ERR the command is over the limit of {} bytes", self.limits.command))
    }

    /// Rule 2. The bytes from `at` on are still to be passed.
    fn refuse(&mut self, buffer: &mut BytesMut, at: usize, bytes: usize, elements: usize, refusal: String) {
        self.args = Vec::new();
        buffer.advance(at);
        self.at = 0;
        self.state = State::Passing { bytes, elements, refusal };
    }

    fn pass(&mut self, buffer: &mut BytesMut) -> Result<Step, ProtocolError> {
        let State::Passing { bytes, elements, refusal } = &mut self.state else { return Ok(Step::Nothing) };
        let passed = (*bytes).min(buffer.len());
        buffer.advance(passed);
        *bytes -= passed;
        if *bytes > 0 {
            return Ok(Step::More);
        }
        if *elements == 0 {
            let refusal = std::mem::take(refusal);
            self.state = State::Between;
            return Ok(Step::Command(Command::refused(refusal)));
        }
        match buffer.first() {
            None => return Ok(Step::More),
            Some(b'$') => {}
            Some(other) => {
                return Err(ProtocolError(format!("expected '$', got '{}'", other.escape_ascii())));
            }
        }
        let Some((len, from)) = header(buffer, 0, "bulk")? else { return Ok(Step::More) };
        if !(0..=ABSURD).contains(&len) {
            return Err(ProtocolError("invalid bulk length".into()));
        }
        buffer.advance(from);
        *bytes = len as usize + 2;
        *elements -= 1;
        Ok(Step::Nothing)
    }
}

/// The number in the header line at `at`, and where the next line begins; `None` while it is not all there.
fn header(buffer: &[u8], at: usize, what: &str) -> Result<Option<(i64, usize)>, ProtocolError> {
    let rest = &buffer[at..];
    let end = rest.iter().take(LINE).position(|byte| *byte == b'\r');
    let wrong = || ProtocolError(format!("invalid {what} length"));
    let Some(end) = end else {
        return if rest.len() > 32 { Err(wrong()) } else { Ok(None) };
    };
    let number =
        std::str::from_utf8(&rest[1..end]).ok().and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?;
    match rest.get(end + 1) {
        None => Ok(None),
        Some(b'\n') => Ok(Some((number, at + end + 2))),
        Some(_) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::Blob;
    use crate::store::Op;

    const LIMITS: Limits = Limits { value: 1_000, command: 2_500 };

    fn wire(words: &[&[u8]]) -> Vec<u8> {
        let mut out = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            out.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            out.extend_from_slice(word);
            out.extend_from_slice(b"\r\n");
        }
        out
    }

    /// Feeds the bytes in pieces of `step`.
    fn feed(limits: Limits, bytes: &[u8], step: usize) -> (Vec<Command>, Result<(), ProtocolError>) {
        let mut decoder = Decoder::new(limits);
        let mut buffer = BytesMut::new();
        let mut commands = Vec::new();
        for piece in bytes.chunks(step) {
            buffer.extend_from_slice(piece);
            if let Err(error) = decoder.decode(&mut buffer, &mut commands) {
                return (commands, Err(error));
            }
        }
        (commands, Ok(()))
    }

    fn get(key: &str) -> Command {
        Command::Key(Op::Get { key: Blob::from(key) })
    }

    #[test]
    fn commands_are_the_same_however_the_bytes_are_cut() {
        let mut bytes = wire(&[b"GET", b"a"]);
        bytes.extend(wire(&[b"mget", b"b\r\n\0", b""]));
        bytes.extend(b"\r\n*0\r\n*-1\r\nGET  c \r\n");
        bytes.extend(wire(&[b"Ping"]));
        let wanted = vec![
            get("a"),
            Command::Mget(vec![Blob::from("b\r\n\0"), Blob::from("")]),
            get("c"),
            Command::Ping(None),
        ];
        for step in 1..=bytes.len() {
            assert_eq!(feed(LIMITS, &bytes, step), (wanted.clone(), Ok(())), "in pieces of {step}");
        }
    }

    #[test]
    fn a_value_over_the_limit_is_passed_and_the_connection_goes_on() {
        let mut bytes = wire(&[b"SET", b"k", &[b'x'; 1_001], b"EX", b"5"]);
        bytes.extend(wire(&[b"GET", b"a"]));
        for step in [1, 7, 1_000, 5_000] {
            let (commands, end) = feed(LIMITS, &bytes, step);
            assert_eq!(end, Ok(()));
            assert_eq!(commands.len(), 2);
            assert!(
                matches!(&commands[0], Command::Refused(text) if text.contains("1001 bytes")),
                "{commands:?}"
            );
            assert_eq!(commands[1], get("a"));
        }
    }

    #[test]
    fn a_command_over_the_limit_is_passed() {
        let mut bytes = wire(&[b"MSET", b"a", &[1; 900], b"b", &[1; 900], b"c", &[1; 900]]);
        bytes.extend(wire(&[b"GET", b"a"]));
        for step in [1, 7, 1_000, 5_000] {
            let (commands, end) = feed(LIMITS, &bytes, step);
            assert_eq!(end, Ok(()));
            assert!(matches!(&commands[0], Command::Refused(text) if text.contains("2500")), "{commands:?}");
            assert_eq!(commands[1], get("a"));
        }
    }

    #[test]
    fn a_long_value_is_kept_where_it_was_read_to() {
        let limits = Limits { value: 1 << 20, command: 1 << 21 };
        let value = vec![b'v'; 100_000];
        let (commands, _) = feed(limits, &wire(&[b"SET", b"k", &value]), 16_384);
        let Command::Key(Op::Set { value: stored, .. }) = &commands[0] else { panic!("{commands:?}") };
        assert!(matches!(stored, Blob::Long(_)));
        assert_eq!(**stored, *value);
    }

    #[test]
    fn malformed_input_is_an_error_after_what_was_well() {
        for (malformed, why) in [
            (&b"*x\r\n"[..], "invalid multibulk length"),
            (b"*99999999999\r\n", "invalid multibulk length"),
            (b"*1\r\n+PING\r\n", "expected '$', got '+'"),
            (b"*1\r\n*1\r\n*1\r\n", "expected '$', got '*'"),
            (b"*1\r\n$abc\r\n", "invalid bulk length"),
            (b"*1\r\n$-1\r\n", "invalid bulk length"),
            (b"*1\r\n$-5\r\n", "invalid bulk length"),
            (b"*2\r\n$3\r\nGET\r\n$9999999999\r\n", "invalid bulk length"),
            (b"*1\r\n$4\r\nPINGPONG\r\n", "a bulk string is longer than it says"),
            (b"\x16\x03\x01\x02", "expected '*', got '\\x16'"),
            (b"$4\r\nPING\r\n", "expected '*', got '$'"),
            (b"PING\x00\x01\r\n", "unprintable bytes in an inline request"),
            (b"*0000000000000000000000000000000000000000000000000", "invalid multibulk length"),
        ] {
            let mut bytes = wire(&[b"GET", b"a"]);
            bytes.extend_from_slice(malformed);
            for step in [1, 3, 100] {
                let (commands, end) = feed(LIMITS, &bytes, step);
                assert_eq!(commands, [get("a")], "{}", malformed.escape_ascii());
                assert_eq!(end, Err(ProtocolError(why.into())), "{}", malformed.escape_ascii());
            }
        }
    }

    #[test]
    fn no_input_makes_it_panic_or_keep_more_than_it_was_fed() {
        let mut seed = 1_u64;
        let mut random = move |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % below
        };
        let alphabet = b"*$123\r\n\r\n-0GETSET a\0";
        for _ in 0..20_000 {
            let bytes: Vec<u8> = (0..random(40)).map(|_| alphabet[random(alphabet.len())]).collect();
            let step = random(8) + 1;
            let _ = feed(LIMITS, &bytes, step);
        }
    }
}
