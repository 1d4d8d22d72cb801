//! Messages with the name of the protocol.

use airssys_rt::prelude::*;

#[protocol(message(name = "Ledger"))]
pub trait Ledger {
    fn deposit(&self, amount: u64) -> u64;
}

fn main() {}
