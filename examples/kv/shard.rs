//! A shard: an actor that owns a part of the keys, and the journal of that part.
//!
//! It is made from its journal, and every change is in the journal before its answer leaves. So a crash
//! anywhere costs the operations in hand and nothing else: their askers get an error at once, the supervisor
//! makes a new shard from the journal, and what waits in the mailbox is done by that one.

use std::path::PathBuf;
use std::sync::Arc;

use airssys_rt::prelude::*;

use crate::blob::Blob;
use crate::command::now;
use crate::journal::Journal;
use crate::reply::Reply;
use crate::settings::Settings;
use crate::store::{Op, Store};

/// How many keys that are over go in one turn.
const SWEEP: usize = 10_000;

#[actor(mailbox(capacity = 4_096))]
#[derive(Debug)]
pub struct Shard {
    store: Store,
    journal: Journal,
    value_limit: usize,
}

impl Shard {
    /// Reads the journal of shard `index`.
    pub async fn open(settings: Arc<Settings>, index: usize) -> std::io::Result<Self> {
        let path: PathBuf = settings.dir.join(format!("shard-{index}.journal"));
        let value_limit = settings.limits.value;
        let read = tokio::task::spawn_blocking(move || {
            let mut store = Store::default();
            let journal = Journal::open(&path, settings.fsync, &mut store)?;
            Ok::<_, std::io::Error>((store, journal))
        });
        let (store, journal) = read.await??;
        Ok(Self { store, journal, value_limit })
    }
}

/// What a shard holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Holdings {
    pub keys: usize,
    pub mortal: usize,
    pub bytes: usize,
}

#[handlers]
impl Shard {
    /// Does the operations in order and answers all of them, once what they changed is in the journal.
    ///
    /// A journal that cannot be written is a failure of the shard: what is in memory is not worth more than
    /// what is on disk, and the next incarnation has just that.
    #[handler]
    pub fn execute(&mut self, ops: Vec<Op>) -> ActorResult<Vec<Reply>> {
        let now = now();
        let mut replies = Vec::with_capacity(ops.len());
        for op in ops {
            replies.push(self.store.apply(op, now, self.value_limit, &mut self.journal));
        }
        self.journal.commit()?;
        Ok(replies)
    }

    /// Lets go of keys that are over, and of the journal's history when it is most of it.
    #[handler]
    pub async fn tidy(&mut self) -> ActorResult<()> {
        let now = now();
        self.store.expire(now, SWEEP);
        if self.journal.is_long(self.store.bytes()) {
            tokio::task::block_in_place(|| self.journal.rewrite(&self.store, now))?;
        }
        Ok(())
    }

    #[handler]
    pub fn holdings(&self) -> Holdings {
        Holdings { keys: self.store.len(), mortal: self.store.mortal(), bytes: self.store.bytes() }
    }

    /// For those who want to see what a crash costs.
    #[handler]
    pub fn crash(&mut self, key: Blob) {
        panic!("DEBUG PANIC {key:?}");
    }
}
