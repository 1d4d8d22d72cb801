//! A method that is async.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    async fn deposit(&self, amount: u64) -> u64;
}

fn main() {}
