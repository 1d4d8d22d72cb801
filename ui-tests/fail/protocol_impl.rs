//! A protocol on an impl block.

use airssys_rt::prelude::*;

pub struct Ledger;

#[protocol]
impl Ledger {
    fn deposit(&self) {}
}

fn main() {}
