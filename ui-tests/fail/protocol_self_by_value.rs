//! A method that takes the reference away.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn close(self);
}

fn main() {}
