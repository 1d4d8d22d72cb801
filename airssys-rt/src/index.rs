//! An index by hash that holds no keys: what lies in it knows its own.
//!
//! Open addressing, line by line. Each place has a part of the hash beside it, so that hardly anything is looked at in vain
//! and nothing at all when the index grows. What is taken out leaves a mark until then.

use std::hash::{BuildHasher, RandomState};

/// Of eight places, so many may be taken or marked.
const FULL: usize = 7;
const LEAST: usize = 8;

/// Stand in the place of a hash: nothing was ever here; or something was, and who looks for what lies behind goes on.
const FREE: u32 = 0;
const LEFT: u32 = 1;

pub(crate) struct Index<T> {
    places: Vec<Option<T>>,
    hashes: Vec<u32>,
    /// How many are not free.
    taken: usize,
    len: usize,
    state: RandomState,
}

impl<T> Index<T> {
    pub(crate) fn new() -> Self {
        Self { places: Vec::new(), hashes: Vec::new(), taken: 0, len: 0, state: RandomState::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    fn hash(&self, key: &str) -> u32 {
        (self.state.hash_one(key) as u32).max(LEFT + 1)
    }

    fn place_of(&self, key: &str, is: impl Fn(&T) -> bool) -> Option<usize> {
        let bound = self.places.len();
        if bound == 0 {
            return None;
        }
        let hash = self.hash(key);
        let mut at = hash as usize % bound;
        // There is always a free place.
        loop {
            match self.hashes[at] {
                FREE => return None,
                known if known == hash && self.places[at].as_ref().is_some_and(&is) => return Some(at),
                _ => at = if at + 1 == bound { 0 } else { at + 1 },
            }
        }
    }

    pub(crate) fn find(&self, key: &str, is: impl Fn(&T) -> bool) -> Option<&T> {
        self.places[self.place_of(key, is)?].as_ref()
    }

    /// Puts in what is not there yet.
    pub(crate) fn insert(&mut self, key: &str, item: T) {
        if self.places.is_empty() || (self.taken + 1) * 8 > self.places.len() * FULL {
            self.resize();
        }
        let hash = self.hash(key);
        self.put(hash, item);
    }

    pub(crate) fn remove(&mut self, key: &str, is: impl Fn(&T) -> bool) -> Option<T> {
        let at = self.place_of(key, is)?;
        self.hashes[at] = LEFT;
        let item = self.places[at].take();
        self.len -= 1;
        if self.len * 8 < self.places.len() && self.places.len() > LEAST {
            // A storm that is over gives its memory back.
            self.resize();
        }
        item
    }

    fn put(&mut self, hash: u32, item: T) {
        let bound = self.places.len();
        let mut at = hash as usize % bound;
        while self.places[at].is_some() {
            at = if at + 1 == bound { 0 } else { at + 1 };
        }
        self.taken += usize::from(self.hashes[at] == FREE);
        self.len += 1;
        self.places[at] = Some(item);
        self.hashes[at] = hash;
    }

    /// Room for half as many again; the marks go.
    fn resize(&mut self) {
        let bound = LEAST.max(self.len + self.len / 2 + 1);
        let places = std::iter::repeat_with(|| None).take(bound).collect();
        let places = std::mem::replace(&mut self.places, places);
        let hashes = std::mem::replace(&mut self.hashes, vec![FREE; bound]);
        (self.taken, self.len) = (0, 0);
        for (place, hash) in places.into_iter().zip(hashes) {
            if let Some(item) = place {
                self.put(hash, item);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Index;

    #[test]
    fn what_is_put_in_is_found_until_it_is_taken_out() {
        let mut index = Index::new();
        for round in 0..3 {
            for number in 0..1_000_u32 {
                index.insert(&number.to_string(), number);
            }
            assert_eq!(index.len(), 1_000);
            for number in 0..1_000_u32 {
                assert_eq!(
                    index.find(&number.to_string(), |item| *item == number),
                    Some(&number),
                    "round {round}"
                );
            }
            assert_eq!(index.find("none", |_| true), None);
            for number in 0..1_000_u32 {
                assert_eq!(index.remove(&number.to_string(), |item| *item == number), Some(number));
                assert_eq!(index.remove(&number.to_string(), |item| *item == number), None);
            }
            assert_eq!(index.len(), 0);
            assert!(index.places.len() <= 8, "{} places are kept for nothing", index.places.len());
        }
    }

    #[test]
    fn what_comes_and_goes_takes_no_more_room() {
        let mut index = Index::new();
        for number in 0..10_000_u32 {
            index.insert(&number.to_string(), number);
            if number >= 10 {
                let old = number - 10;
                assert_eq!(index.remove(&old.to_string(), |item| *item == old), Some(old));
            }
        }
        assert_eq!(index.len(), 10);
        assert!(index.places.len() <= 64, "{} places for ten", index.places.len());
    }
}
