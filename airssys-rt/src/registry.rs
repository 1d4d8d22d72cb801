//! Names: each belongs to one live actor, or to a group of them, and goes with its actors, not with a late clean-up.

use std::sync::{Arc, Weak};

use crate::index::Index;
use crate::lock::Lock;
use crate::process::{AnyCell, LinkKey};
use crate::process_id::ProcessId;
use crate::sorted::Sorted;

pub(crate) struct Registry {
    /// By the names that the actors have in their papers.
    names: Lock<Index<Arc<dyn AnyCell>>>,
}

impl Registry {
    pub(crate) fn new() -> Self {
        Self { names: Lock::new(Index::new()) }
    }

    /// Gives the name to the actor, in whose papers it stands, unless somebody has it: then says who.
    pub(crate) fn claim(&self, name: &str, cell: Arc<dyn AnyCell>) -> Result<(), ProcessId> {
        let mut names = self.names.lock();
        match names.find(name, |known| known.is_named(name)) {
            Some(owner) if owner.pid() == cell.pid() => Ok(()),
            Some(owner) => Err(owner.pid()),
            None => {
                // The name is a reference: a named actor does not end for want of others.
                cell.add_reference();
                names.insert(name, cell);
                Ok(())
            }
        }
    }

    /// Frees the name if it is still this actor's.
    pub(crate) fn release(&self, name: &str, pid: ProcessId) {
        let mut names = self.names.lock();
        let freed = names.remove(name, |known| known.pid() == pid);
        drop(names);
        if let Some(cell) = freed {
            cell.drop_reference();
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<Arc<dyn AnyCell>> {
        self.names.lock().find(name, |known| known.is_named(name)).cloned()
    }

    pub(crate) fn len(&self) -> usize {
        self.names.lock().len()
    }
}

/// The groups: each name has any number of live actors, each of them once.
///
/// An actor notes the groups it is in, so that its end can leave them. The note is made and taken back under the
/// lock of the roll, and no roll is locked under a cell's lock: list and note agree. An end takes the notes first
/// and leaves then; meanwhile the actor may live again and join again, so each joining has a number, and an end
/// takes back the ones it took the notes of.
pub(crate) struct Roll(Lock<Lists>);

struct Lists {
    by_name: Sorted<Arc<str>, Sorted<LinkKey, Place>>,
    next: u64,
}

struct Place {
    /// A group keeps nobody.
    cell: Weak<dyn AnyCell>,
    number: u64,
}

impl Roll {
    pub(crate) fn new() -> Self {
        Self(Lock::new(Lists { by_name: Sorted::new(), next: 0 }))
    }

    /// Adds a member, once. `note` makes the member's note: false when it has one, `None` when it has ended.
    pub(crate) fn join(
        &self,
        name: Arc<str>,
        member: LinkKey,
        cell: Weak<dyn AnyCell>,
        note: impl FnOnce(Arc<str>, u64) -> Option<bool>,
    ) -> bool {
        let mut groups = self.0.lock();
        let number = groups.next;
        groups.next += 1;
        let name = groups.known(&name).map_or(name, |(known, _)| known.clone());
        let fresh = note(name.clone(), number);
        if fresh == Some(true) {
            groups.by_name.entry(name).insert(member, Place { cell, number });
        }
        fresh.is_some()
    }

    /// Takes a member out; `forget` takes its note back. False when it was none.
    pub(crate) fn leave(&self, name: &str, member: LinkKey, forget: impl FnOnce(&Arc<str>)) -> bool {
        let mut groups = self.0.lock();
        let Some((known, _)) = groups.known(name) else { return false };
        forget(known);
        groups.remove(name, member, None)
    }

    /// Takes out a member that has ended, unless it lives again and has joined again.
    pub(crate) fn release(&self, name: &str, member: LinkKey, number: u64) {
        self.0.lock().remove(name, member, Some(number));
    }

    /// The members, in order of their ids.
    pub(crate) fn members(&self, name: &str) -> Vec<Arc<dyn AnyCell>> {
        let groups = self.0.lock();
        let Some((_, members)) = groups.known(name) else { return Vec::new() };
        members.values().filter_map(|place| place.cell.upgrade()).collect()
    }

    pub(crate) fn names(&self) -> Vec<Arc<str>> {
        self.0.lock().by_name.iter().map(|(name, _)| name.clone()).collect()
    }
}

impl Lists {
    fn known(&self, name: &str) -> Option<&(Arc<str>, Sorted<LinkKey, Place>)> {
        self.by_name.get_by(|known| (**known).cmp(name))
    }

    fn remove(&mut self, name: &str, member: LinkKey, number: Option<u64>) -> bool {
        let found = self.by_name.get_mut_by(|known| (**known).cmp(name));
        let Some((known, members)) = found else { return false };
        let here =
            members.get(&member).is_some_and(|place| number.is_none_or(|number| number == place.number));
        if here {
            members.remove(&member);
            if members.is_empty() {
                let known = known.clone();
                self.by_name.remove(&known);
            }
        }
        here
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;

    use super::{Registry, Roll};
    use crate::actor::Actor;
    use crate::cell::Cell;
    use crate::context::Context;
    use crate::error::ActorResult;
    use crate::process::{AnyCell, LinkKey};
    use crate::process_id::ProcessId;
    use crate::system::System;

    struct Nobody;

    impl Actor for Nobody {
        type Message = ();

        async fn handle(&mut self, (): (), _ctx: &mut Context<Self>) -> ActorResult<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn c117_an_end_that_comes_late_frees_no_name_of_somebody_else() {
        let (system, registry) = (System::new("test"), Registry::new());
        let owner = Cell::<Nobody>::new(system.kernel().clone(), ProcessId::new(2), None);
        registry.claim("it", owner.clone()).unwrap();
        for other in [1, 3] {
            registry.release("it", ProcessId::new(other));
            assert_eq!(registry.len(), 1, "it is not theirs");
        }
        registry.release("it", owner.pid());
        assert_eq!(registry.len(), 0);
    }

    #[test]
    fn c120_an_end_that_comes_late_takes_back_its_own_membership_and_no_newer_one() {
        let (roll, member) = (Roll::new(), LinkKey::first_of(ProcessId::new(1)));
        let join = || {
            let cell: Weak<dyn AnyCell> = Weak::<Cell<Nobody>>::new();
            let mut joined = 0;
            assert!(roll.join("hall".into(), member, cell, |_, number| {
                joined = number;
                Some(true)
            }));
            joined
        };
        let first = join();
        assert!(roll.leave("hall", member, |_| ()));
        let second = join();
        roll.release("hall", member, first);
        assert_eq!(roll.names().len(), 1, "it has joined again since");
        roll.release("hall", member, second);
        assert!(roll.names().is_empty());
    }
}
