//! What a command is answered with, and how that looks on the wire in both versions of the protocol.

use std::borrow::Cow;

use crate::blob::Blob;

/// The version a connection speaks; it begins with the second and asks for the third by `HELLO 3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resp {
    Two,
    Three,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Ok,
    Null,
    Int(i64),
    Simple(&'static str),
    Bulk(Blob),
    /// With its code: `ERR …`.
    Error(Cow<'static, str>),
    Array(Vec<Reply>),
    Map(Vec<(Reply, Reply)>),
    /// Out of turn: a published message, a subscription's confirmation.
    Push(Vec<Reply>),
}

impl Reply {
    pub fn error(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Error(text.into())
    }

    pub fn bulk(bytes: impl AsRef<[u8]>) -> Self {
        Self::Bulk(Blob::copy(bytes.as_ref()))
    }

    /// Writes it down.
    pub fn write(&self, out: &mut Vec<u8>, resp: Resp) {
        match self {
            Self::Ok => out.extend_from_slice(b"+OK\r\n"),
            Self::Null if resp == Resp::Three => out.extend_from_slice(b"_\r\n"),
            Self::Null => out.extend_from_slice(b"$-1\r\n"),
            Self::Int(value) => line(out, b':', *value),
            Self::Simple(text) => {
                out.push(b'+');
                out.extend_from_slice(text.as_bytes());
                out.extend_from_slice(b"\r\n");
            }
            Self::Bulk(bytes) => {
                bulk_header(out, bytes.len());
                out.extend_from_slice(bytes);
                out.extend_from_slice(b"\r\n");
            }
            Self::Error(text) => {
                out.push(b'-');
                // A line break inside would end the reply early.
                out.extend(text.bytes().map(|byte| if byte.is_ascii_control() { b' ' } else { byte }));
                out.extend_from_slice(b"\r\n");
            }
            Self::Array(items) => {
                array_header(out, items.len());
                items.iter().for_each(|item| item.write(out, resp));
            }
            Self::Push(items) => {
                line(out, if resp == Resp::Three { b'>' } else { b'*' }, items.len() as i64);
                items.iter().for_each(|item| item.write(out, resp));
            }
            Self::Map(pairs) => {
                match resp {
                    Resp::Three => line(out, b'%', pairs.len() as i64),
                    Resp::Two => array_header(out, pairs.len() * 2),
                }
                for (key, value) in pairs {
                    key.write(out, resp);
                    value.write(out, resp);
                }
            }
        }
    }
}

/// The beginning of an array; its items follow.
pub fn array_header(out: &mut Vec<u8>, len: usize) {
    line(out, b'*', len as i64);
}

/// The beginning of a bulk string; its bytes and a line break follow.
pub fn bulk_header(out: &mut Vec<u8>, len: usize) {
    line(out, b'$', len as i64);
}

fn line(out: &mut Vec<u8>, mark: u8, value: i64) {
    out.push(mark);
    decimal(out, value);
    out.extend_from_slice(b"\r\n");
}

/// Writes a number in decimal.
pub fn decimal(out: &mut Vec<u8>, value: i64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use redis_protocol::resp2::{decode::decode as decode2, types::OwnedFrame};
    use redis_protocol::resp3::decode::complete::decode as decode3;

    use super::*;

    fn wire(reply: &Reply, resp: Resp) -> Vec<u8> {
        let mut out = Vec::new();
        reply.write(&mut out, resp);
        out
    }

    fn samples() -> Vec<Reply> {
        vec![
            Reply::Ok,
            Reply::Null,
            Reply::Int(i64::MIN),
            Reply::Int(0),
            Reply::Simple("PONG"),
            Reply::bulk(b"a\r\n\0b"),
            Reply::error("ERR no\r\nsuch thing"),
            Reply::Array(vec![Reply::bulk("a"), Reply::Null, Reply::Array(vec![])]),
            Reply::Map(vec![(Reply::bulk("proto"), Reply::Int(3))]),
            Reply::Push(vec![Reply::bulk("message"), Reply::bulk("news"), Reply::bulk("x")]),
        ]
    }

    #[test]
    fn every_reply_is_one_whole_frame_in_both_versions() {
        for reply in samples() {
            let two = wire(&reply, Resp::Two);
            let (_, used) = decode2(&two).unwrap().expect("a whole frame");
            assert_eq!(used, two.len(), "{reply:?}");
            let three = wire(&reply, Resp::Three);
            let (_, used) = decode3(&three).unwrap().expect("a whole frame");
            assert_eq!(used, three.len(), "{reply:?}");
        }
    }

    #[test]
    fn a_bulk_string_is_binary_safe() {
        let (frame, _) = decode2(&wire(&Reply::bulk(b"a\r\n\0b"), Resp::Two)).unwrap().unwrap();
        assert_eq!(frame, OwnedFrame::BulkString(b"a\r\n\0b".to_vec()));
    }
}
