//! The bytes of a key or a value; short ones lie in place, so that most commands allocate nothing.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};

use bytes::{Bytes, BytesMut};

/// As many bytes as fit where a [`Bytes`] would be.
const SHORT: usize = 23;
/// From this length on, bytes that were read are kept where they were read to.
const SHARED: usize = 16 * 1024;

/// Immutable bytes of any content.
#[derive(Clone)]
pub enum Blob {
    /// In place.
    Short { len: u8, bytes: [u8; SHORT] },
    /// Counted: a clone copies nothing.
    Long(Bytes),
}

impl Blob {
    /// A copy of these bytes.
    #[inline]
    pub fn copy(from: &[u8]) -> Self {
        Self::short(from).unwrap_or_else(|| Self::Long(Bytes::copy_from_slice(from)))
    }

    #[inline]
    fn short(from: &[u8]) -> Option<Self> {
        let mut bytes = [0; SHORT];
        bytes.get_mut(..from.len())?.copy_from_slice(from);
        Some(Self::Short { len: from.len() as u8, bytes })
    }

    /// A part of what was read: shared where it is most of it, so that it does not keep the rest alive.
    pub fn part(of: &Bytes, range: Range<usize>) -> Self {
        if range.len() >= SHARED && range.len() * 4 >= of.len() {
            return Self::Long(of.slice(range));
        }
        Self::copy(&of[range])
    }

    /// These bytes and then some; in place where nobody else holds them.
    pub fn append(self, tail: &[u8]) -> Self {
        match self {
            Self::Short { .. } => {
                let mut bytes = BytesMut::with_capacity(self.len() + tail.len());
                bytes.extend_from_slice(&self);
                bytes.extend_from_slice(tail);
                Self::short(&bytes).unwrap_or_else(|| Self::Long(bytes.freeze()))
            }
            Self::Long(bytes) => {
                let mut bytes = bytes.try_into_mut().unwrap_or_else(|bytes| BytesMut::from(&bytes[..]));
                bytes.extend_from_slice(tail);
                Self::Long(bytes.freeze())
            }
        }
    }

    /// The decimal digits of a number.
    pub fn number(value: i64) -> Self {
        let mut digits = Vec::with_capacity(20);
        crate::reply::decimal(&mut digits, value);
        Self::copy(&digits)
    }

    /// The number that these bytes are in decimal, written as Redis would write it.
    pub fn as_number(&self) -> Option<i64> {
        parse_number(self)
    }
}

/// Reads a decimal number: no blanks, no plus sign, no leading zeros.
pub fn parse_number(digits: &[u8]) -> Option<i64> {
    let (negative, magnitude) = match digits {
        [b'0'] => return Some(0),
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    if !matches!(magnitude.first(), Some(b'1'..=b'9')) {
        return None;
    }
    let mut value: i64 = 0;
    for digit in magnitude {
        if !digit.is_ascii_digit() {
            return None;
        }
        let digit = i64::from(digit - b'0');
        // Downwards, since the smallest number has no positive counterpart.
        value = value.checked_mul(10)?.checked_sub(digit)?;
    }
    if negative { Some(value) } else { value.checked_neg() }
}

impl Deref for Blob {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Short { len, bytes } => &bytes[..usize::from(*len)],
            Self::Long(bytes) => bytes,
        }
    }
}

impl Borrow<[u8]> for Blob {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl PartialEq for Blob {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Blob {}

impl PartialOrd for Blob {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Blob {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (**self).cmp(&**other)
    }
}

impl Hash for Blob {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        // As a slice hashes: lookups are by slice.
        (**self).hash(state);
    }
}

impl From<&[u8]> for Blob {
    fn from(bytes: &[u8]) -> Self {
        Self::copy(bytes)
    }
}

impl From<&str> for Blob {
    fn from(text: &str) -> Self {
        Self::copy(text.as_bytes())
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_no_larger_than_bytes() {
        assert_eq!(size_of::<Blob>(), size_of::<Bytes>());
    }

    #[test]
    fn appending_keeps_what_was_there() {
        let mut blob = Blob::from("");
        let mut wanted = Vec::new();
        for round in 0..100_u8 {
            blob = blob.append(&[round, b'\r']);
            wanted.extend_from_slice(&[round, b'\r']);
            assert_eq!(*blob, *wanted);
        }
    }

    #[test]
    fn appending_to_a_shared_blob_leaves_the_other_alone() {
        let first = Blob::copy(&[7; 100]);
        let second = first.clone().append(b"more");
        assert_eq!(first.len(), 100);
        assert_eq!(second.len(), 104);
    }

    #[test]
    fn numbers_are_read_as_redis_reads_them() {
        for (text, number) in [
            ("0", Some(0)),
            ("-1", Some(-1)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("", None),
            ("-", None),
            ("01", None),
            ("+1", None),
            (" 1", None),
            ("1.5", None),
        ] {
            assert_eq!(parse_number(text.as_bytes()), number, "{text}");
            if let Some(number) = number {
                assert_eq!(*Blob::number(number), *text.as_bytes());
            }
        }
    }
}
