//! An answer without a name.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn names(&self) -> impl Iterator<Item = String>;
}

fn main() {}
