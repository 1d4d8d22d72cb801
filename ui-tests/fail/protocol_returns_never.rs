//! A method that never answers.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn run(&self) -> !;
}

fn main() {}
