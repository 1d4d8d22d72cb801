//! A method that is const.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    const fn deposit(&self, amount: u64) -> u64;
}

fn main() {}
