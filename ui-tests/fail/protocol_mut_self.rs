//! A method that means the state.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn deposit(&mut self, amount: u64) -> u64;
}

fn main() {}
