//! The option misspelled.

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

#[handlers(protocol(Ledger))]
impl Account {
    #[handler]
    fn deposit(&mut self, amount: u64) -> u64 {
        self.balance += amount;
        self.balance
    }

    #[handler]
    fn withdraw(&mut self, amount: u64) -> Result<u64, String> {
        self.balance.checked_sub(amount).ok_or_else(String::new)
    }
}

fn main() {}
