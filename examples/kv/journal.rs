//! The journal of one shard: a change is in it before anybody is told that it was made.
//!
//! A file of frames; a frame is what one turn of the shard changed: its length, its CRC, its records.
//!
//! 1. Frames are written whole and in order. Only the last one can be torn: by a `kill -9`, a full disk or
//!    a power cut. Nobody was told of a torn frame, so it is cut off.
//! 2. A frame is written before its answers are sent. It is in the system's page cache then, which outlives
//!    the process; `--fsync` waits for the disk, too, for what outlives the machine.
//! 3. A journal is replaced only by a whole one: written beside it, synced, renamed over it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use crate::store::{Record, Remember, Store};

const MAGIC: &[u8; 8] = b"KVJRNL1\n";
/// Length and CRC.
const HEAD: usize = 8;
/// A rewritten journal is told in frames of about this size.
const FRAME: usize = 1 << 20;
/// A journal may be so much longer than its contents before it is rewritten.
const SLACK: u64 = 4 << 20;

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    len: u64,
    fsync: bool,
    /// The frame under way, with room for its head.
    frame: Vec<u8>,
}

impl Remember for Journal {
    #[inline]
    fn remember(&mut self, record: Record<'_>) {
        encode(&mut self.frame, record);
    }
}

impl Journal {
    /// Opens a journal and tells its records to `store`; makes an empty one where there is none.
    pub fn open(path: &Path, fsync: bool, store: &mut Store) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let size = file.metadata()?.len();
        let whole = if size < MAGIC.len() as u64 {
            // Rule 1, before the first frame.
            write_at(&file, MAGIC, 0)?;
            MAGIC.len() as u64
        } else {
            replay(&file, size, path, store)?
        };
        if whole < size {
            set_aside(&file, whole, path)?;
            file.set_len(whole)?;
        }
        Ok(Self { file, path: path.into(), len: whole, fsync, frame: vec![0; HEAD] })
    }

    /// Writes what was remembered since the last time.
    ///
    /// # Errors
    /// Nothing is to be told to anybody then: what is in memory may not be in the journal.
    pub fn commit(&mut self) -> io::Result<()> {
        if self.frame.len() == HEAD {
            return Ok(());
        }
        seal(&mut self.frame)?;
        let written = write_at(&self.file, &self.frame, self.len);
        let len = self.frame.len() as u64;
        if self.frame.capacity() > FRAME {
            self.frame = vec![0; HEAD];
        } else {
            self.frame.truncate(HEAD);
        }
        written?;
        if self.fsync {
            self.file.sync_data()?;
        }
        self.len += len;
        Ok(())
    }

    /// Whether most of it is history.
    pub fn is_long(&self, contents: usize) -> bool {
        self.len > 2 * contents as u64 + SLACK
    }

    /// Writes a new journal of what `store` holds at `now`, and takes the old one's place.
    pub fn rewrite(&mut self, store: &Store, now: u64) -> io::Result<()> {
        let beside = self.path.with_extension("new");
        let mut file = File::create(&beside)?;
        file.write_all(MAGIC)?;
        let mut len = MAGIC.len() as u64;
        let mut frame = vec![0; HEAD];
        let mut outcome = Ok(());
        let mut write = |frame: &mut Vec<u8>| -> io::Result<()> {
            seal(frame)?;
            file.write_all(frame)?;
            len += frame.len() as u64;
            frame.truncate(HEAD);
            Ok(())
        };
        store.recount(now, |record| {
            encode(&mut frame, record);
            if frame.len() > FRAME && outcome.is_ok() {
                outcome = write(&mut frame);
            }
        });
        outcome?;
        if frame.len() > HEAD {
            write(&mut frame)?;
        }
        // Rule 3.
        file.sync_all()?;
        std::fs::rename(&beside, &self.path)?;
        self.file = OpenOptions::new().read(true).write(true).open(&self.path)?;
        self.len = len;
        Ok(())
    }
}

/// Tells the whole frames of a file; returns where they end.
fn replay(file: &File, size: u64, path: &Path, store: &mut Store) -> io::Result<u64> {
    let mut input = BufReader::with_capacity(FRAME, file);
    let mut magic = [0; MAGIC.len()];
    input.read_exact(&mut magic)?;
    if magic != *MAGIC {
        return Err(io::Error::other(format!("{} is no journal of this program", path.display())));
    }
    let mut at = MAGIC.len() as u64;
    let mut frame = Vec::new();
    loop {
        let left = size - at;
        let mut head = [0; HEAD];
        if left < HEAD as u64 {
            return Ok(at);
        }
        input.read_exact(&mut head)?;
        let [a, b, c, d, e, f, g, h] = head;
        let len = u32::from_le_bytes([a, b, c, d]);
        let crc = u32::from_le_bytes([e, f, g, h]);
        if len == 0 || u64::from(len) > left - HEAD as u64 {
            return Ok(at);
        }
        frame.resize(len as usize, 0);
        input.read_exact(&mut frame)?;
        if crc32fast::hash(&frame) != crc {
            return Ok(at);
        }
        let mut records = frame.as_slice();
        while !records.is_empty() {
            match decode(&mut records) {
                Some(record) => store.replay(record),
                None => {
                    return Err(io::Error::other(format!(
                        "{}: a frame at {at} makes no sense",
                        path.display()
                    )));
                }
            }
        }
        at += (HEAD + frame.len()) as u64;
    }
}

/// Keeps what is cut off: rule 1 says that nobody was told of it, but only the owner of the data can be sure.
fn set_aside(mut file: &File, whole: u64, path: &Path) -> io::Result<()> {
    use std::io::{Seek, SeekFrom};
    file.seek(SeekFrom::Start(whole))?;
    io::copy(&mut file, &mut File::create(path.with_extension("torn"))?)?;
    Ok(())
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    file.write_all_at(bytes, at)
}

#[cfg(not(unix))]
fn write_at(mut file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    use std::io::{Seek, SeekFrom};
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)
}

/// Fills in the head of a frame.
fn seal(frame: &mut [u8]) -> io::Result<()> {
    let (head, records) = frame.split_at_mut(HEAD);
    let len =
        u32::try_from(records.len()).map_err(|_| io::Error::other("one turn changed more than 4 GiB"))?;
    head[..4].copy_from_slice(&len.to_le_bytes());
    head[4..].copy_from_slice(&crc32fast::hash(records).to_le_bytes());
    Ok(())
}

/// Writes a record: its kind, its lengths, its bytes.
pub fn encode(out: &mut Vec<u8>, record: Record<'_>) {
    let number = |out: &mut Vec<u8>, value: usize| out.extend_from_slice(&(value as u32).to_le_bytes());
    match record {
        Record::Put { key, value, until } => {
            out.push(if until == 0 { b'P' } else { b'T' });
            number(out, key.len());
            number(out, value.len());
            if until != 0 {
                out.extend_from_slice(&until.to_le_bytes());
            }
            out.extend_from_slice(key);
            out.extend_from_slice(value);
        }
        Record::Append { key, tail } => {
            out.push(b'A');
            number(out, key.len());
            number(out, tail.len());
            out.extend_from_slice(key);
            out.extend_from_slice(tail);
        }
        Record::Until { key, until } => {
            out.push(b'U');
            number(out, key.len());
            out.extend_from_slice(&until.to_le_bytes());
            out.extend_from_slice(key);
        }
        Record::Delete { key } => {
            out.push(b'D');
            number(out, key.len());
            out.extend_from_slice(key);
        }
        Record::Flush => out.push(b'F'),
    }
}

/// Reads a record back, and moves on behind it.
pub fn decode<'a>(input: &mut &'a [u8]) -> Option<Record<'a>> {
    fn take<'a>(input: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = input.split_at_checked(len)?;
        *input = rest;
        Some(taken)
    }
    fn number(input: &mut &[u8]) -> Option<usize> {
        Some(u32::from_le_bytes(take(input, 4)?.try_into().ok()?) as usize)
    }
    fn time(input: &mut &[u8]) -> Option<u64> {
        Some(u64::from_le_bytes(take(input, 8)?.try_into().ok()?))
    }
    let kind = take(input, 1)?[0];
    Some(match kind {
        b'P' | b'T' => {
            let (key, value) = (number(input)?, number(input)?);
            let until = if kind == b'T' { time(input)? } else { 0 };
            Record::Put { key: take(input, key)?, value: take(input, value)?, until }
        }
        b'A' => {
            let (key, tail) = (number(input)?, number(input)?);
            Record::Append { key: take(input, key)?, tail: take(input, tail)? }
        }
        b'U' => {
            let key = number(input)?;
            let until = time(input)?;
            Record::Until { key: take(input, key)?, until }
        }
        b'D' => {
            let key = number(input)?;
            Record::Delete { key: take(input, key)? }
        }
        b'F' => Record::Flush,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory that is gone afterwards.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("kv-journal-{name}-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&path);
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn journal(&self) -> PathBuf {
            self.0.join("shard-0.journal")
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn open(path: &Path) -> (Store, Journal) {
        let mut store = Store::default();
        let journal = Journal::open(path, false, &mut store).unwrap();
        (store, journal)
    }

    fn put(journal: &mut Journal, key: &[u8], value: &[u8]) {
        journal.remember(Record::Put { key, value, until: 0 });
    }

    fn contents(store: &Store) -> Vec<String> {
        let mut all = Vec::new();
        store.recount(0, |record| all.push(format!("{record:?}")));
        all.sort();
        all
    }

    #[test]
    fn what_was_committed_is_there_and_what_was_not_is_not() {
        let scratch = Scratch::new("commit");
        let (_, mut journal) = open(&scratch.journal());
        put(&mut journal, b"a\r\n\0", b"\xff\0\r\n");
        put(&mut journal, b"b", b"");
        journal.commit().unwrap();
        put(&mut journal, b"c", b"3");
        drop(journal);
        let (store, _) = open(&scratch.journal());
        assert_eq!(store.len(), 2);
        assert_eq!(
            contents(&store),
            [
                format!("{:?}", Record::Put { key: b"a\r\n\0", value: b"\xff\0\r\n", until: 0 }),
                format!("{:?}", Record::Put { key: b"b", value: b"", until: 0 }),
            ]
        );
    }

    #[test]
    fn a_journal_cut_anywhere_has_all_whole_frames_and_goes_on() {
        let scratch = Scratch::new("cut");
        let path = scratch.journal();
        let (_, mut journal) = open(&path);
        let mut ends = vec![journal.len];
        for turn in 0..3 {
            put(&mut journal, &[turn], b"value");
            put(&mut journal, &[turn, turn], b"another");
            journal.commit().unwrap();
            ends.push(journal.len);
        }
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let (store, mut journal) = open(&path);
            let frames = ends.iter().filter(|end| **end <= cut as u64).count().saturating_sub(1);
            assert_eq!(store.len(), frames * 2, "cut at {cut}");
            put(&mut journal, b"later", b"x");
            journal.commit().unwrap();
            let (store, _) = open(&path);
            assert_eq!(store.len(), frames * 2 + 1, "after a cut at {cut}");
        }
    }

    #[test]
    fn a_tail_of_anything_is_cut_off_and_kept_aside() {
        let scratch = Scratch::new("tail");
        let path = scratch.journal();
        let (_, mut journal) = open(&path);
        put(&mut journal, b"a", b"1");
        journal.commit().unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        for tail in [&[0_u8; 100][..], b"\x05\0\0\0garbage and more", b"\xff\xff\xff\xff", b"x"] {
            let mut torn = whole.clone();
            torn.extend_from_slice(tail);
            std::fs::write(&path, torn).unwrap();
            let (store, _) = open(&path);
            assert_eq!(store.len(), 1);
            assert_eq!(std::fs::read(&path).unwrap(), whole);
            assert_eq!(std::fs::read(path.with_extension("torn")).unwrap(), tail);
        }
    }

    #[test]
    fn a_rewritten_journal_says_the_same_and_goes_on() {
        let scratch = Scratch::new("rewrite");
        let path = scratch.journal();
        let (mut store, mut journal) = open(&path);
        let value = vec![b'v'; 100_000];
        for turn in 0..300_u32 {
            let key = (turn % 30).to_le_bytes();
            put(&mut journal, &key, &value);
            store.replay(Record::Put { key: &key, value: &value, until: 0 });
            journal.commit().unwrap();
        }
        assert!(journal.is_long(store.bytes()));
        journal.rewrite(&store, 0).unwrap();
        assert!(!journal.is_long(store.bytes()));
        put(&mut journal, b"later", b"x");
        journal.commit().unwrap();
        let (again, _) = open(&path);
        store.replay(Record::Put { key: b"later", value: b"x", until: 0 });
        assert_eq!(contents(&again), contents(&store));
    }

    #[test]
    fn another_file_is_not_taken_for_a_journal() {
        let scratch = Scratch::new("magic");
        std::fs::write(scratch.journal(), b"something else entirely").unwrap();
        assert!(Journal::open(&scratch.journal(), false, &mut Store::default()).is_err());
    }
}
