//! Every mistake of a protocol is reported by one build.

use airssys_rt::prelude::*;

#[protocol(mesage(derive(Debug)))]
pub trait Ledger: Send {
    type Money;
    async fn deposit(&mut self, amount: &str) -> u64 {
        0
    }
    fn kill<T>(self);
    fn balance(&self) -> u64;
}

fn still_there(ledger: &LedgerRef) {
    let _ = ledger.balance();
}

fn main() {}
