//! Names: each belongs to one live actor at most, and goes with it, not with a late clean-up.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::lock::Lock;
use crate::process::AnyCell;
use crate::process_id::ProcessId;

pub(crate) struct Registry {
    names: Lock<BTreeMap<Arc<str>, Arc<dyn AnyCell>>>,
}

impl Registry {
    pub(crate) fn new() -> Self {
        Self { names: Lock::new(BTreeMap::new()) }
    }

    /// Gives the name to the actor, unless somebody has it: then says who.
    pub(crate) fn claim(&self, name: &Arc<str>, cell: Arc<dyn AnyCell>) -> Result<(), ProcessId> {
        let mut names = self.names.lock();
        match names.get(name) {
            Some(owner) if owner.pid() == cell.pid() => Ok(()),
            Some(owner) => Err(owner.pid()),
            None => {
                // The name is a reference: a named actor does not end for want of others.
                cell.add_reference();
                names.insert(name.clone(), cell);
                Ok(())
            }
        }
    }

    /// Frees the name if it is still this actor's.
    pub(crate) fn release(&self, name: &str, pid: ProcessId) {
        let mut names = self.names.lock();
        let freed = match names.get(name) {
            Some(owner) if owner.pid() == pid => names.remove(name),
            _ => None,
        };
        drop(names);
        if let Some(cell) = freed {
            cell.drop_reference();
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<Arc<dyn AnyCell>> {
        self.names.lock().get(name).cloned()
    }

    pub(crate) fn len(&self) -> usize {
        self.names.lock().len()
    }
}
