//! A method of another language.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    extern "C" fn deposit(&self, amount: u64) -> u64;
}

fn main() {}
