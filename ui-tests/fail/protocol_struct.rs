//! A protocol on a struct.

use airssys_rt::prelude::*;

#[protocol]
pub struct Ledger {
    balance: u64,
}

fn main() {}
