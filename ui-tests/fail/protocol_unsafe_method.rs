//! A method that is unsafe.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    unsafe fn deposit(&self, amount: u64) -> u64;
}

fn main() {}
