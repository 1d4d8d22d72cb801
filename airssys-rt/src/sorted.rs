//! An ordered map for what a process or a system keeps besides its table: in pieces, each a sorted vector.
//!
//! Most have one entry or two, some a hundred thousand. A vector of few takes no more room than they do, is walked in the order
//! of memory, and is a fraction of the code of a search tree, of which there would be one for each pair of types.

use std::cmp::Ordering;

/// How many entries a piece has at most.
const FULL: usize = 64;

#[derive(Clone)]
pub(crate) struct Sorted<K, V> {
    /// None of them is empty; all keys of one are below those of the next.
    pieces: Vec<Vec<(K, V)>>,
}

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

/// Where a key is, or would be: the piece, and the place in it.
type Spot = (usize, Result<usize, usize>);

impl<K, V> Sorted<K, V> {
    pub(crate) const fn new() -> Self {
        Self { pieces: Vec::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.pieces.iter().map(Vec::len).sum()
    }

    pub(crate) fn iter(&self) -> Entries<'_, K, V> {
        Entries { pieces: self.pieces.iter(), piece: [].iter() }
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    pub(crate) fn into_entries(self) -> IntoEntries<K, V> {
        IntoEntries { pieces: self.pieces.into_iter(), piece: Vec::new().into_iter() }
    }

    pub(crate) fn into_values(self) -> impl Iterator<Item = V> {
        self.into_entries().map(|(_, value)| value)
    }

    /// Where something is of which is known how any key compares to it.
    fn find(&self, compare: impl Fn(&K) -> Ordering) -> Spot {
        let before = |piece: &Vec<(K, V)>| compare(&piece[0].0).is_le();
        // Keys mostly grow, and the newest go first.
        let piece = match self.pieces.last() {
            Some(last) if before(last) => self.pieces.len() - 1,
            _ => self.pieces.partition_point(before).saturating_sub(1),
        };
        match self.pieces.get(piece) {
            Some(entries) => (piece, entries.binary_search_by(|(key, _)| compare(key))),
            None => (0, Err(0)),
        }
    }

    /// The entry that `compare` takes for equal.
    pub(crate) fn get_by(&self, compare: impl Fn(&K) -> Ordering) -> Option<&(K, V)> {
        match self.find(compare) {
            (piece, Ok(at)) => Some(&self.pieces[piece][at]),
            _ => None,
        }
    }

    pub(crate) fn get_mut_by(&mut self, compare: impl Fn(&K) -> Ordering) -> Option<(&K, &mut V)> {
        match self.find(compare) {
            (piece, Ok(at)) => {
                let (key, value) = &mut self.pieces[piece][at];
                Some((key, value))
            }
            _ => None,
        }
    }

    fn take_out(&mut self, piece: usize, at: usize) -> (K, V) {
        let entries = &mut self.pieces[piece];
        let entry = entries.remove(at);
        let left = entries.len();
        // What is left of many shall take no room for many.
        if left * 4 < entries.capacity() {
            entries.shrink_to(left * 2);
        }
        if left == 0 {
            self.pieces.remove(piece);
        } else if self.pieces.get(piece + 1).is_some_and(|next| left + next.len() <= FULL / 2) {
            let mut next = self.pieces.remove(piece + 1);
            self.pieces[piece].append(&mut next);
        }
        if self.pieces.len() * 4 < self.pieces.capacity() {
            self.pieces.shrink_to(self.pieces.len() * 2);
        }
        entry
    }

    /// Puts an entry into its place, and says where that is then.
    fn put(&mut self, piece: usize, at: usize, entry: (K, V)) -> (usize, usize) {
        let count = self.pieces.len();
        let Some(entries) = self.pieces.get_mut(piece) else {
            self.pieces.push(vec![entry]);
            return (count, 0);
        };
        if entries.len() < FULL {
            entries.insert(at, entry);
            return (piece, at);
        }
        if at == FULL && piece + 1 == count {
            // Keys mostly grow: a full piece stays full.
            self.pieces.push(vec![entry]);
            return (count, 0);
        }
        let upper = entries.split_off(FULL / 2);
        self.pieces.insert(piece + 1, upper);
        let (piece, at) = if at <= FULL / 2 { (piece, at) } else { (piece + 1, at - FULL / 2) };
        self.pieces[piece].insert(at, entry);
        (piece, at)
    }

    pub(crate) fn pop_first(&mut self) -> Option<(K, V)> {
        (!self.is_empty()).then(|| self.take_out(0, 0))
    }

    pub(crate) fn first(&self) -> Option<&(K, V)> {
        self.pieces.first()?.first()
    }
}

impl<K: Ord, V> Sorted<K, V> {
    fn spot(&self, key: &K) -> Spot {
        self.find(|known| known.cmp(key))
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.get_by(|known| known.cmp(key)).map(|(_, value)| value)
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.spot(key).1.is_ok()
    }

    /// Puts a value in; the one that was there before is given back.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.spot(&key) {
            (piece, Ok(at)) => Some(std::mem::replace(&mut self.pieces[piece][at].1, value)),
            (piece, Err(at)) => {
                self.put(piece, at, (key, value));
                None
            }
        }
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        match self.spot(key) {
            (piece, Ok(at)) => Some(self.take_out(piece, at).1),
            _ => None,
        }
    }

    /// The value of a key, that of its type where there is none yet.
    pub(crate) fn entry(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.get_or_insert_with(key, V::default)
    }

    /// The value of a key; where there is none yet, the one that is made.
    pub(crate) fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let (piece, at) = match self.spot(&key) {
            (piece, Ok(at)) => (piece, at),
            (piece, Err(at)) => self.put(piece, at, (key, make())),
        };
        &mut self.pieces[piece][at].1
    }

    /// The entries from this key on.
    pub(crate) fn from(&self, key: &K) -> Entries<'_, K, V> {
        let (piece, at) = self.spot(key);
        let mut pieces = self.pieces.get(piece..).unwrap_or_default().iter();
        let first = pieces.next().and_then(|first| first.get(at.unwrap_or_else(|at| at)..));
        Entries { pieces, piece: first.unwrap_or_default().iter() }
    }
}

/// The entries in order. Written by hand: flattened by the standard library's adapters, they would be most of this map's code.
pub(crate) struct Entries<'m, K, V> {
    pieces: std::slice::Iter<'m, Vec<(K, V)>>,
    piece: std::slice::Iter<'m, (K, V)>,
}

impl<'m, K, V> Iterator for Entries<'m, K, V> {
    type Item = &'m (K, V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.piece.next() {
                return Some(entry);
            }
            self.piece = self.pieces.next()?.iter();
        }
    }
}

/// The same, taken out.
pub(crate) struct IntoEntries<K, V> {
    pieces: std::vec::IntoIter<Vec<(K, V)>>,
    piece: std::vec::IntoIter<(K, V)>,
}

impl<K, V> Iterator for IntoEntries<K, V> {
    type Item = (K, V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.piece.next() {
                return Some(entry);
            }
            self.piece = self.pieces.next()?.into_iter();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{FULL, Sorted};

    /// Numbers in an order of their own, the same in each run.
    fn shuffled(count: u64) -> impl Iterator<Item = u64> {
        (0..count).map(move |number| number * 7_919 % count)
    }

    fn check(map: &Sorted<u64, u64>, tree: &BTreeMap<u64, u64>) {
        assert!(map.pieces.iter().all(|piece| (1..=FULL).contains(&piece.len())));
        assert!(map.iter().map(|(key, value)| (key, value)).eq(tree));
        assert_eq!((map.len(), map.is_empty()), (tree.len(), tree.is_empty()));
        assert_eq!(map.first().map(|(key, _)| key), tree.first_key_value().map(|(key, _)| key));
    }

    #[test]
    fn it_holds_the_same_in_the_same_order_as_a_search_tree() {
        let (mut map, mut tree) = (Sorted::new(), BTreeMap::new());
        for count in [1, 2, 63, 64, 65, 1_000] {
            for key in shuffled(count) {
                assert_eq!(map.insert(key, key), tree.insert(key, key));
                assert_eq!(map.insert(key, key + 1), tree.insert(key, key + 1));
            }
            check(&map, &tree);
            *map.entry(count * 2) += 5;
            *tree.entry(count * 2).or_default() += 5;
            for key in 0..=count * 2 + 1 {
                assert_eq!(
                    (map.get(&key), map.contains_key(&key)),
                    (tree.get(&key), tree.contains_key(&key))
                );
                assert_eq!(
                    map.get_mut_by(|known| known.cmp(&key)).map(|(_, value)| *value),
                    tree.get(&key).copied()
                );
                let first = map.from(&key).next().map(|(key, _)| key);
                assert_eq!(first, tree.range(key..).next().map(|(key, _)| key));
            }
            check(&map, &tree);
            for key in shuffled(count).filter(|key| key % 3 != 0) {
                assert_eq!((map.remove(&key), map.remove(&key)), (tree.remove(&key), None));
                check(&map, &tree);
            }
            assert_eq!(map.pop_first(), tree.pop_first());
            check(&map, &tree);
        }
        let left: Vec<u64> = map.into_values().collect();
        assert_eq!(left, tree.into_values().collect::<Vec<_>>());
        assert!(!left.is_empty());
    }

    #[test]
    fn what_is_left_of_many_takes_no_room_for_many() {
        let mut map = Sorted::new();
        for key in 0..10_000_u64 {
            map.insert(key, key);
        }
        assert!(
            map.pieces.iter().rev().skip(1).all(|piece| piece.len() == FULL),
            "keys that grow fill the pieces"
        );
        for key in shuffled(10_000).filter(|key| key % 1_000 != 0) {
            map.remove(&key);
        }
        let room: usize = map.pieces.iter().map(Vec::capacity).sum();
        assert_eq!(map.len(), 10);
        assert!(room <= 64 && map.pieces.capacity() <= 16, "{room} places, {} pieces", map.pieces.capacity());
        while map.pop_first().is_some() {}
        assert!(map.is_empty() && map.pieces.capacity() <= 4);
    }
}
