//! The process table: every live actor by its id, dense where ids are dense.
//!
//! Ids grow without end, so the table is a map of small pages that come and go with their tenants:
//! sixteen bytes an actor and a little, and no page outlives its last tenant.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::lock::Lock;
use crate::process::AnyCell;
use crate::process_id::ProcessId;

const PAGE: usize = 32;
const SHARDS: usize = 16;

#[derive(Default)]
struct PageHasher(u64);

impl Hasher for PageHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        // Fibonacci hashing: consecutive page numbers spread over the whole word.
        self.0 = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

type Pages = HashMap<u64, Box<Page>, BuildHasherDefault<PageHasher>>;

#[derive(Default)]
struct Shard {
    /// The page that was asked for last by a newcomer, and its number: actors that come and go one by one need no other.
    newest: Option<(u64, Box<Page>)>,
    pages: Pages,
}

struct Page {
    tenants: u32,
    slots: [Option<Arc<dyn AnyCell>>; PAGE],
}

impl Page {
    fn leave(&mut self, slot: usize) -> Option<Arc<dyn AnyCell>> {
        let cell = self.slots[slot].take();
        self.tenants -= u32::from(cell.is_some());
        cell
    }
}

impl Shard {
    fn all(&self) -> impl Iterator<Item = &Page> {
        self.newest.iter().map(|(_, page)| &**page).chain(self.pages.values().map(|page| &**page))
    }

    /// Makes this page the newest; the one before joins the others, unless it is empty: then it is this one.
    #[inline(never)]
    fn turn_to(&mut self, number: u64) -> &mut Page {
        let mut spare = None;
        if let Some((before, page)) = self.newest.take() {
            if page.tenants == 0 {
                spare = Some(page);
            } else {
                self.pages.insert(before, page);
            }
        }
        let page = self.pages.remove(&number).or(spare);
        let page = page.unwrap_or_else(|| Box::new(Page { tenants: 0, slots: [const { None }; PAGE] }));
        &mut self.newest.insert((number, page)).1
    }

    #[inline(never)]
    fn leave_old(&mut self, number: u64, slot: usize) -> (Option<Arc<dyn AnyCell>>, Option<Box<Page>>) {
        let Some(page) = self.pages.get_mut(&number) else { return (None, None) };
        let cell = page.leave(slot);
        let empty = if page.tenants == 0 { self.pages.remove(&number) } else { None };
        // A storm that is over gives its memory back.
        if self.pages.is_empty() && self.pages.capacity() > 64 {
            self.pages.shrink_to_fit();
        }
        (cell, empty)
    }
}

pub(crate) struct Table {
    next: AtomicU64,
    shards: [Lock<Shard>; SHARDS],
}

/// Where an id lives: shard, page, slot. Neighbours live in one page of one shard.
fn place(pid: ProcessId) -> (usize, u64, usize) {
    let number = pid.as_u64();
    let page = number / PAGE as u64;
    ((page % SHARDS as u64) as usize, page, (number % PAGE as u64) as usize)
}

impl Table {
    pub(crate) fn new() -> Self {
        Self { next: AtomicU64::new(1), shards: std::array::from_fn(|_| Lock::new(Shard::default())) }
    }

    pub(crate) fn next_pid(&self) -> ProcessId {
        ProcessId::new(self.next.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn insert(&self, pid: ProcessId, cell: Arc<dyn AnyCell>) {
        let (shard, number, slot) = place(pid);
        let mut shard = self.shards[shard].lock();
        let page = match &mut shard.newest {
            Some((newest, page)) if *newest == number => page,
            _ => shard.turn_to(number),
        };
        let old = page.slots[slot].replace(cell);
        page.tenants += u32::from(old.is_none());
        drop(shard);
        drop(old);
    }

    pub(crate) fn remove(&self, pid: ProcessId) {
        let (shard, number, slot) = place(pid);
        let mut shard = self.shards[shard].lock();
        let gone = match &mut shard.newest {
            Some((newest, page)) if *newest == number => (page.leave(slot), None),
            _ => shard.leave_old(number, slot),
        };
        drop(shard);
        // Outside the lock: the last reference to a cell may run destructors.
        drop(gone);
    }

    pub(crate) fn get(&self, pid: ProcessId) -> Option<Arc<dyn AnyCell>> {
        let (shard, number, slot) = place(pid);
        let shard = self.shards[shard].lock();
        let page = match &shard.newest {
            Some((newest, page)) if *newest == number => page,
            _ => shard.pages.get(&number)?,
        };
        page.slots[slot].clone()
    }

    /// All of them, in order of their ids.
    pub(crate) fn all(&self) -> Vec<Arc<dyn AnyCell>> {
        let mut all = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock();
            all.extend(shard.all().flat_map(|page| page.slots.iter().flatten().cloned()));
        }
        all.sort_unstable_by_key(|cell| cell.pid());
        all
    }

    pub(crate) fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.lock().all().map(|page| page.tenants as usize).sum::<usize>())
            .sum()
    }
}
