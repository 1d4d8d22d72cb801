//! The protocol is imported, and its message is not.

use airssys_rt::prelude::*;

mod bank {
    use airssys_rt::prelude::*;

    #[protocol]
    pub trait Ledger {
        fn deposit(&self, amount: u64) -> u64;
    }
}

use bank::Ledger;

#[actor]
struct Account {
    balance: u64,
}

#[handlers(protocols(Ledger))]
impl Account {
    #[handler]
    fn deposit(&mut self, amount: u64) -> u64 {
        self.balance += amount;
        self.balance
    }
}

fn main() {}
