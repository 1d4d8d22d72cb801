//! A method without a reference.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn deposit(amount: u64) -> u64;
}

fn main() {}
