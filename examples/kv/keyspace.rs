//! All keys: the shards under their supervisor, and how the commands of a client find them.

use std::sync::Arc;

use airssys_rt::prelude::*;
use futures_util::future::join_all;

use crate::reply::Reply;
use crate::settings::Settings;
use crate::shard::{Shard, ShardApi};
use crate::store::Op;

/// The shards. Each is made anew from its journal when it crashes, as often as it takes.
#[supervisor(strategy = "one_for_one", max_restarts = 1_000_000, within = "1s")]
#[derive(Debug)]
pub struct Keyspace {
    settings: Arc<Settings>,

    #[child(start = |index: usize| Shard::open(settings, index).await?)]
    pub shards: Children<Shard, usize>,
}

/// Which key is where. The references are stable: they are the same before and after a crash.
#[derive(Clone, Debug)]
pub struct Directory {
    shards: Arc<[ActorRef<Shard>]>,
}

impl Directory {
    /// Starts one shard after the other.
    pub async fn open(keyspace: &Supervised<Keyspace>) -> Result<Self, StartError> {
        let mut shards = Vec::new();
        for index in 0..keyspace.settings.shards {
            shards.push(keyspace.shards.start(index).await?);
        }
        Ok(Self { shards: shards.into() })
    }

    pub fn shards(&self) -> &[ActorRef<Shard>] {
        &self.shards
    }

    /// The shard of a key. The same for ever: the journals are divided by it.
    pub fn shard(&self, key: &[u8]) -> &ActorRef<Shard> {
        &self.shards[self.place(key)]
    }

    #[inline]
    fn place(&self, key: &[u8]) -> usize {
        crc32fast::hash(key) as usize % self.shards.len()
    }
}

/// What several commands of one client come to: for each shard one message, for each command one answer.
#[derive(Debug)]
pub struct Plan {
    ops: Vec<Vec<Op>>,
    slots: Vec<Slot>,
}

/// Where the answer of a command comes from.
#[derive(Debug)]
enum Slot {
    Ready(Reply),
    One(usize),
    Many(Merge, Vec<usize>),
}

/// How several answers become one.
#[derive(Clone, Copy, Debug)]
pub enum Merge {
    /// One after the other, in an array.
    List,
    /// Arrays, one behind the other.
    Join,
    Sum,
    /// All well is well.
    Agree,
}

impl Plan {
    /// With room for so many commands.
    pub fn new(directory: &Directory, commands: usize) -> Self {
        Self {
            ops: directory.shards.iter().map(|_| Vec::new()).collect(),
            slots: Vec::with_capacity(commands),
        }
    }

    #[inline]
    fn push(&mut self, place: usize, op: Op) {
        let share = self.slots.capacity() / self.ops.len() + 1;
        let ops = &mut self.ops[place];
        if ops.is_empty() {
            ops.reserve(share);
        }
        ops.push(op);
    }

    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// A command whose answer is known.
    pub fn ready(&mut self, reply: Reply) {
        self.slots.push(Slot::Ready(reply));
    }

    /// A command about one key.
    #[inline]
    pub fn one(&mut self, directory: &Directory, op: Op) {
        let place = directory.place(op.key());
        self.push(place, op);
        self.slots.push(Slot::One(place));
    }

    /// A command about several keys.
    pub fn many(&mut self, directory: &Directory, merge: Merge, ops: impl Iterator<Item = Op>) {
        let places = ops.map(|op| {
            let place = directory.place(op.key());
            self.push(place, op);
            place
        });
        let places = places.collect();
        self.slots.push(Slot::Many(merge, places));
    }

    /// A command about all of them.
    pub fn every(&mut self, merge: Merge, op: Op) {
        for ops in &mut self.ops {
            ops.push(op.clone());
        }
        self.slots.push(Slot::Many(merge, (0..self.ops.len()).collect()));
    }

    /// Asks all shards at the same time. The plan is empty afterwards.
    pub async fn carry_out(&mut self, directory: &Directory) -> Answers {
        let mut asked = self.ops.iter().filter(|ops| !ops.is_empty()).count();
        let mut shards = Vec::with_capacity(self.ops.len());
        if asked <= 1 {
            for (shard, ops) in directory.shards.iter().zip(&mut self.ops) {
                shards.push(ask(shard, ops).await);
                asked = 0;
            }
        } else {
            shards = join_all(directory.shards.iter().zip(&mut self.ops).map(|(shard, ops)| ask(shard, ops)))
                .await;
        }
        debug_assert!(asked != 1);
        Answers { shards, slots: std::mem::take(&mut self.slots).into_iter() }
    }
}

type ShardAnswer = Result<std::vec::IntoIter<Reply>, AskError>;

async fn ask(shard: &ActorRef<Shard>, ops: &mut Vec<Op>) -> ShardAnswer {
    if ops.is_empty() {
        return Ok(Vec::new().into_iter());
    }
    shard.execute(std::mem::take(ops)).await.map(Vec::into_iter)
}

/// The answers, in order of the commands.
#[derive(Debug)]
pub struct Answers {
    shards: Vec<ShardAnswer>,
    slots: std::vec::IntoIter<Slot>,
}

impl Answers {
    #[inline]
    fn take(&mut self, place: usize) -> Reply {
        match &mut self.shards[place] {
            Ok(replies) => replies.next().unwrap_or_else(|| Reply::error("ERR the shard gave no answer")),
            Err(error) => Reply::error(not_answered(error)),
        }
    }
}

impl Iterator for Answers {
    type Item = Reply;

    #[inline]
    fn next(&mut self) -> Option<Reply> {
        Some(match self.slots.next()? {
            Slot::Ready(reply) => reply,
            Slot::One(place) => self.take(place),
            Slot::Many(merge, places) => {
                let replies: Vec<Reply> = places.into_iter().map(|place| self.take(place)).collect();
                merge.apply(replies)
            }
        })
    }
}

impl Merge {
    fn apply(self, replies: Vec<Reply>) -> Reply {
        if let Some(error) = replies.iter().find(|reply| matches!(reply, Reply::Error(_))) {
            return error.clone();
        }
        match self {
            Self::List => Reply::Array(replies),
            Self::Join => {
                let items = replies.into_iter().flat_map(|reply| match reply {
                    Reply::Array(items) => items,
                    other => vec![other],
                });
                Reply::Array(items.collect())
            }
            Self::Sum => Reply::Int(
                replies.iter().map(|reply| if let Reply::Int(value) = reply { *value } else { 0 }).sum(),
            ),
            Self::Agree => Reply::Ok,
        }
    }
}

/// What the client is told when its shard did not answer.
pub fn not_answered(error: &AskError) -> String {
    match error {
        AskError::Crashed { .. } | AskError::Failed { .. } => {
            format!(
                "ERR the shard of this key crashed with the command in hand, done or not, and is back: {error}"
            )
        }
        other => format!("ERR not done in time, or not at all: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_answers_become_one() {
        let list = vec![Reply::Int(1), Reply::Null];
        assert_eq!(Merge::List.apply(list.clone()), Reply::Array(list));
        assert_eq!(Merge::Sum.apply(vec![Reply::Int(1), Reply::Int(2)]), Reply::Int(3));
        assert_eq!(Merge::Agree.apply(vec![Reply::Ok, Reply::Ok]), Reply::Ok);
        let joined = Merge::Join.apply(vec![Reply::Array(vec![Reply::Int(1)]), Reply::Array(vec![])]);
        assert_eq!(joined, Reply::Array(vec![Reply::Int(1)]));
        let crashed = Reply::error("ERR crashed");
        assert_eq!(Merge::Sum.apply(vec![Reply::Int(1), crashed.clone()]), crashed);
    }
}
