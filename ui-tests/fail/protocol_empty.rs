//! A protocol that asks for nothing.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
}

fn main() {}
