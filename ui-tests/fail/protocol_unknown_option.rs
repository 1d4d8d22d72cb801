//! An option that is misspelled.

use airssys_rt::prelude::*;

#[protocol(mesage(derive(Debug)))]
pub trait Ledger {
    fn deposit(&self, amount: u64) -> u64;
}

fn main() {}
