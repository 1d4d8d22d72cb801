//! A method with conditions.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn deposit(&self, amount: u64) -> u64
    where
        u64: Copy;
}

fn main() {}
