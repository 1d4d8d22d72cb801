//! The wards of an actor: whom it owns, in order of their ids, eight bytes each.
//!
//! Their cells are in the table as long as they have not ended for good.

use crate::process_id::ProcessId;

/// Ids in rising order, each with two bits: whether it is declared, and whether it has gone.
#[derive(Default)]
pub(crate) struct Wards {
    rows: Vec<u64>,
    gone: usize,
}

const GONE: u64 = 1;
const DECLARED: u64 = 2;

impl Wards {
    fn place(&self, pid: ProcessId) -> Result<usize, usize> {
        self.rows.binary_search_by_key(&pid.as_u64(), |row| row >> 2)
    }

    pub(crate) fn own(&mut self, pid: ProcessId, declared: bool) {
        let row = (pid.as_u64() << 2) | if declared { DECLARED } else { 0 };
        // Mostly the newest of all.
        let last = self.rows.last().is_none_or(|last| last >> 2 < pid.as_u64());
        match if last { Err(self.rows.len()) } else { self.place(pid) } {
            Ok(at) => {
                self.gone -= usize::from(self.rows[at] & GONE != 0);
                self.rows[at] = row;
            }
            Err(at) => {
                if self.rows.len() == self.rows.capacity() {
                    self.rows.reserve_exact(self.rows.len() / 8 + 4);
                }
                self.rows.insert(at, row);
            }
        }
    }

    pub(crate) fn disown(&mut self, pid: ProcessId) {
        let Ok(at) = self.place(pid) else { return };
        if self.rows[at] & GONE != 0 {
            return;
        }
        self.rows[at] |= GONE;
        self.gone += 1;
        while self.rows.last().is_some_and(|row| row & GONE != 0) {
            self.rows.pop();
            self.gone -= 1;
        }
        if self.gone * 2 > self.rows.len() {
            self.rows.retain(|row| row & GONE == 0);
            self.rows.shrink_to_fit();
            self.gone = 0;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.len() == self.gone
    }

    /// Each with whether it is declared: it outlives an incarnation of its owner, waiting to be started again.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (ProcessId, bool)> {
        let here = self.rows.iter().filter(|row| **row & GONE == 0);
        here.map(|row| (ProcessId::new(row >> 2), row & DECLARED != 0))
    }
}

#[cfg(test)]
mod tests {
    use super::Wards;
    use crate::process_id::ProcessId;

    fn listed(wards: &Wards) -> Vec<(u64, bool)> {
        wards.iter().map(|(pid, declared)| (pid.as_u64(), declared)).collect()
    }

    #[test]
    fn wards_are_listed_in_order_of_their_ids_until_they_go() {
        let mut wards = Wards::default();
        for number in [3, 5, 4, 9, 7] {
            wards.own(ProcessId::new(number), number % 2 == 0);
        }
        assert_eq!(listed(&wards), [(3, false), (4, true), (5, false), (7, false), (9, false)]);
        for number in [5, 5, 6, 3] {
            wards.disown(ProcessId::new(number));
        }
        assert_eq!(listed(&wards), [(4, true), (7, false), (9, false)]);
        wards.own(ProcessId::new(3), true);
        wards.own(ProcessId::new(4), false);
        assert_eq!(listed(&wards), [(3, true), (4, false), (7, false), (9, false)]);
        for number in [3, 4, 7, 9] {
            assert!(!wards.is_empty());
            wards.disown(ProcessId::new(number));
        }
        assert!(wards.is_empty() && wards.rows.is_empty());
    }

    #[test]
    fn those_who_have_gone_take_no_more_room_than_the_others() {
        let mut wards = Wards::default();
        wards.own(ProcessId::new(1), false);
        for number in 2..10_000 {
            wards.own(ProcessId::new(number), false);
            wards.disown(ProcessId::new(number - u64::from(number > 2)));
        }
        assert!(wards.rows.len() < 8, "{} rows", wards.rows.len());
    }
}
