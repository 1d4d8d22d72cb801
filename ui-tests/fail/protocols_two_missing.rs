//! Two handlers that a protocol asks for are not there.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn deposit(&self, amount: u64) -> u64;
    fn withdraw(&self, amount: u64) -> Result<u64, String>;
}

#[actor]
struct Account {
    balance: u64,
}

#[handlers(protocols(Ledger))]
impl Account {
    fn deposit(&mut self) {}
}

fn main() {}
