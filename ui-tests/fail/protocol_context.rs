//! A method that takes the context.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn deposit(&self, amount: u64, ctx: &mut Context<Self>) -> u64;
}

fn main() {}
