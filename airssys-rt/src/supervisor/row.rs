//! A row keeps what was put into it in order, whatever is taken out: each under a number, from small to great.

/// Something that lies in a row.
pub(super) trait Numbered {
    fn number(&self) -> u32;
    fn set_number(&mut self, number: u32);
    /// What is left in its place, under its number.
    fn gap(number: u32) -> Self;
    fn is_gap(&self) -> bool;
}

/// Gaps go when they are the greater part, so that all this costs is a search by halves.
pub(super) struct Row<T> {
    items: Vec<T>,
    gaps: usize,
    next: u32,
}

impl<T: Numbered> Row<T> {
    pub(super) fn new() -> Self {
        Self { items: Vec::new(), gaps: 0, next: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len() - self.gaps
    }

    fn place(&self, number: u32) -> Option<usize> {
        let at = self.items.binary_search_by_key(&number, Numbered::number).ok()?;
        (!self.items[at].is_gap()).then_some(at)
    }

    pub(super) fn get(&self, number: u32) -> Option<&T> {
        self.place(number).map(|at| &self.items[at])
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.place(number).map(|at| &mut self.items[at])
    }

    /// Whether there are no more numbers: then all are to be [numbered](Self::renumber) anew.
    pub(super) fn is_used_up(&self) -> bool {
        self.next == u32::MAX
    }

    /// Gives all of them numbers from 0 on.
    pub(super) fn renumber(&mut self) {
        self.items.retain(|item| !item.is_gap());
        self.gaps = 0;
        self.next = 0;
        for item in &mut self.items {
            item.set_number(self.next);
            self.next += 1;
        }
    }

    /// Puts it last, and says under which number.
    pub(super) fn push(&mut self, mut item: T) -> u32 {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        item.set_number(number);
        if self.items.len() == self.items.capacity() {
            self.items.reserve_exact(self.items.len() / 8 + 1);
        }
        self.items.push(item);
        number
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<T> {
        let at = self.place(number)?;
        let item = std::mem::replace(&mut self.items[at], T::gap(number));
        self.gaps += 1;
        while self.items.last().is_some_and(Numbered::is_gap) {
            self.items.pop();
            self.gaps -= 1;
        }
        if self.gaps * 2 > self.items.len() {
            self.items.retain(|item| !item.is_gap());
            self.items.shrink_to_fit();
            self.gaps = 0;
        }
        Some(item)
    }

    /// All of them, and gaps.
    pub(super) fn items(&self) -> &[T] {
        &self.items
    }

    /// All of them, and gaps.
    pub(super) fn items_mut(&mut self) -> &mut [T] {
        &mut self.items
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        kept(&self.items)
    }

    pub(super) fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut T> {
        kept_mut(&mut self.items)
    }

    pub(super) fn numbers(&self) -> Vec<u32> {
        self.iter().map(Numbered::number).collect()
    }

    pub(super) fn clear(&mut self) {
        self.items = Vec::new();
        self.gaps = 0;
    }

    /// All of them, in order.
    pub(super) fn into_items(self) -> impl Iterator<Item = T> {
        self.items.into_iter().filter(|item| !item.is_gap())
    }
}

/// Those that are no gap.
pub(super) fn kept<T: Numbered>(items: &[T]) -> impl DoubleEndedIterator<Item = &T> {
    items.iter().filter(|item| !item.is_gap())
}

pub(super) fn kept_mut<T: Numbered>(items: &mut [T]) -> impl DoubleEndedIterator<Item = &mut T> {
    items.iter_mut().filter(|item| !item.is_gap())
}

#[cfg(test)]
mod tests {
    use super::{Numbered, Row};

    struct Item(u32, Option<u64>);

    impl Numbered for Item {
        fn number(&self) -> u32 {
            self.0
        }

        fn set_number(&mut self, number: u32) {
            self.0 = number;
        }

        fn gap(number: u32) -> Self {
            Self(number, None)
        }

        fn is_gap(&self) -> bool {
            self.1.is_none()
        }
    }

    fn values(row: &Row<Item>) -> Vec<u64> {
        row.iter().filter_map(|item| item.1).collect()
    }

    #[test]
    fn the_order_stays_whatever_is_taken_out() {
        let mut row = Row::new();
        let numbers: Vec<u32> = (0..10).map(|value| row.push(Item(0, Some(value)))).collect();
        for &out in &numbers[2..5] {
            assert!(row.remove(out).is_some() && row.remove(out).is_none() && row.get(out).is_none());
        }
        assert_eq!(values(&row), [0, 1, 5, 6, 7, 8, 9]);
        assert_eq!(row.get(numbers[7]).and_then(|item| item.1), Some(7));
        assert!(row.remove(numbers[9]).is_some());
        row.push(Item(0, Some(10)));
        assert_eq!(values(&row), [0, 1, 5, 6, 7, 8, 10]);
        assert_eq!(row.len(), 7);
    }

    #[test]
    fn what_comes_and_goes_takes_no_more_room() {
        let mut row = Row::new();
        row.push(Item(0, Some(0)));
        for value in 1..10_000 {
            let number = row.push(Item(0, Some(value)));
            row.push(Item(0, Some(value)));
            assert!(row.remove(number).is_some());
            assert!(row.remove(number + 1).is_some());
        }
        assert_eq!(values(&row), [0]);
        assert!(row.items.capacity() < 8);
    }

    #[test]
    fn numbers_that_are_used_up_begin_anew() {
        let mut row = Row::new();
        row.push(Item(0, Some(1)));
        row.next = u32::MAX - 1;
        let last = row.push(Item(0, Some(2)));
        assert!(row.is_used_up());
        row.renumber();
        assert!(!row.is_used_up() && row.get(last).is_none());
        assert_eq!(row.push(Item(0, Some(3))), 2);
        assert_eq!((values(&row), row.numbers()), (vec![1, 2, 3], vec![0, 1, 2]));
    }
}
