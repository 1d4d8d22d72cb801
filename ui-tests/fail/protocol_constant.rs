//! A protocol with a constant.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    const LIMIT: u64;
    fn deposit(&self, amount: u64) -> u64;
}

fn main() {}
