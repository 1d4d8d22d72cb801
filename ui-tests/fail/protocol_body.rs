//! A method that does something.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn deposit(&self, amount: u64) -> u64 {
        amount
    }
}

fn main() {}
