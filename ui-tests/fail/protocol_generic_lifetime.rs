//! A method with a lifetime.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn rename<'a>(&self, name: String);
}

fn main() {}
