//! Two methods that are one message.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn deposit(&self, amount: u64) -> u64;
    fn Deposit(&self, amount: u64) -> u64;
}

fn main() {}
