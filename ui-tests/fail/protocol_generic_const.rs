//! A method with a const parameter.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn store<const N: usize>(&self, value: [u8; N]);
}

fn main() {}
