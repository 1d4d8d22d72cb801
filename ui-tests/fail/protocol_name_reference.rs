//! Messages with the name of the references.

use airssys_rt::prelude::*;

#[protocol(message(name = "LedgerRef"))]
pub trait Ledger {
    fn deposit(&self, amount: u64) -> u64;
}

fn main() {}
