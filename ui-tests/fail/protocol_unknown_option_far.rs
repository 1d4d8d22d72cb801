//! An option of another attribute.

use airssys_rt::prelude::*;

#[protocol(vis = "pub(crate)")]
pub trait Ledger {
    fn deposit(&self, amount: u64) -> u64;
}

fn main() {}
