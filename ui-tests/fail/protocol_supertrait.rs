//! A protocol above another.

use airssys_rt::prelude::*;

#[protocol]
pub trait Audit {
    fn total(&self) -> u64;
}

#[protocol]
pub trait Ledger: Audit + Send {
    fn deposit(&self, amount: u64) -> u64;
}

fn main() {}
