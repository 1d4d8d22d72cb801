//! A method with the name of an address's own.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn stop(&self);
}

fn main() {}
