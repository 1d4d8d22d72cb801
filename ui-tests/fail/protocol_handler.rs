//! A handler in a protocol.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    #[handler]
    fn deposit(&self, amount: u64) -> u64;
}

fn main() {}
