//! A condition on an argument.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn deposit(&self, #[cfg(test)] amount: u64) -> u64;
}

fn main() {}
