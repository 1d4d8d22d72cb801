//! A protocol that borrows.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger<'a> {
    fn deposit(&self, name: &'a str);
}

fn main() {}
