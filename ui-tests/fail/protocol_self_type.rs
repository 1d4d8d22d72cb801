//! A method that means one actor.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn copy(&self) -> ActorRef<Self>;
    fn join(&self, other: Option<Self>);
}

fn main() {}
