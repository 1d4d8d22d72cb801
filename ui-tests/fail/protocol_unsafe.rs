//! A protocol that is unsafe.

use airssys_rt::prelude::*;

#[protocol]
pub unsafe trait Ledger {
    fn deposit(&self, amount: u64) -> u64;
}

fn main() {}
