//! A reference to an actor where one of the protocol is asked for.

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

#[actor]
struct Clock;

#[handlers]
impl Clock {
    #[handler]
    fn now(&mut self) -> u64 {
        1
    }
}

fn pay_in(ledger: &impl Ledger) {
    let _ = ledger.deposit(7);
}

fn both(account: &ActorRef<Account>) {
    pay_in(account);
    pay_in(&account.recipient());
}

fn main() {}
