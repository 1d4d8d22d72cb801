//! A method that fails the actor.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn deposit(&self, amount: u64) -> ActorResult<u64>;
    fn close(&self) -> ActorResult<()>;
}

fn main() {}
