//! A protocol with an associated type.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    type Money;
    fn deposit(&self, amount: u64) -> u64;
}

fn main() {}
