//! A borrowed answer.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn name(&self) -> &str;
}

fn main() {}
