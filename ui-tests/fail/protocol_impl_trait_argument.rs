//! An argument without a type.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn rename(&self, name: impl ToString);
}

fn main() {}
