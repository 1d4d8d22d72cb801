//! A method that takes the reply.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn deposit(&self, amount: u64, reply: ReplyTo<u64>);
}

fn main() {}
