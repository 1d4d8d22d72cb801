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
    pages: Pages,
    /// A page that stays when its last tenant goes: actors that come and go one by one need no other.
    kept: Option<u64>,
}

struct Page {
    tenants: u32,
    slots: [Option<Arc<dyn AnyCell>>; PAGE],
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

    pub(crate) fn insert(&self, cell: Arc<dyn AnyCell>) {
        let (shard, page, slot) = place(cell.pid());
        let mut shard = self.shards[shard].lock();
        let Shard { pages, kept } = &mut *shard;
        if let Some(before) = kept.filter(|kept| *kept != page) {
            // The ids have moved on: so does the page, if nobody lives there.
            *kept = None;
            if pages.get(&before).is_some_and(|page| page.tenants == 0)
                && let Some(empty) = pages.remove(&before)
            {
                pages.entry(page).or_insert(empty);
            }
        }
        let page =
            pages.entry(page).or_insert_with(|| Box::new(Page { tenants: 0, slots: [const { None }; PAGE] }));
        let old = page.slots[slot].replace(cell);
        page.tenants += u32::from(old.is_none());
    }

    pub(crate) fn remove(&self, pid: ProcessId) {
        let (shard, number, slot) = place(pid);
        let mut shard = self.shards[shard].lock();
        let Shard { pages, kept } = &mut *shard;
        let Some(page) = pages.get_mut(&number) else { return };
        let cell = page.slots[slot].take();
        page.tenants -= u32::from(cell.is_some());
        let empty = match kept {
            _ if page.tenants > 0 => None,
            Some(kept) if *kept == number => None,
            Some(_) => pages.remove(&number),
            None => {
                *kept = Some(number);
                None
            }
        };
        // A storm that is over gives its memory back.
        if pages.len() <= 1 && pages.capacity() > 64 {
            pages.shrink_to_fit();
        }
        drop(shard);
        // Outside the lock: the last reference to a cell may run destructors.
        drop((cell, empty));
    }

    pub(crate) fn get(&self, pid: ProcessId) -> Option<Arc<dyn AnyCell>> {
        let (shard, page, slot) = place(pid);
        self.shards[shard].lock().pages.get(&page)?.slots[slot].clone()
    }

    /// All of them, in order of their ids.
    pub(crate) fn all(&self) -> Vec<Arc<dyn AnyCell>> {
        let mut all = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock();
            all.extend(shard.pages.values().flat_map(|page| page.slots.iter().flatten().cloned()));
        }
        all.sort_unstable_by_key(|cell| cell.pid());
        all
    }

    pub(crate) fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.lock().pages.values().map(|page| page.tenants as usize).sum::<usize>())
            .sum()
    }
}
