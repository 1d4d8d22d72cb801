//! Nothing that is generated for a protocol warns, not even where everything is an error.

#![deny(warnings, missing_docs, unused, rust_2018_idioms, unreachable_pub, unused_qualifications)]
#![deny(missing_debug_implementations, single_use_lifetimes, let_underscore_drop, unused_results, unnameable_types)]
#![deny(private_interfaces, private_bounds, unsafe_code)]

use airssys_rt::prelude::*;

#[derive(Debug)]
struct Secret;

/// Keeps money.
#[protocol(message(derive(Debug)))]
pub(crate) trait Ledger {
    /// Adds `amount`.
    fn deposit(&self, amount: u64) -> u64;
    fn balance(&self) -> Result<u64, String>;
    fn never_called(&self);
}

#[protocol(message(derive(Debug)))]
trait Hidden<T> {
    fn secret(&self, secret: Secret, of: u8) -> Option<T>;
}

/// One method alone.
#[protocol(message(derive(Debug)))]
pub trait Single {
    /// Does it.
    fn single(&self);
}

#[actor]
#[derive(Debug)]
struct Account(u64);

#[handlers(protocols(Ledger, Hidden<String>, Single), message(derive(Debug)))]
impl Account {
    #[handler]
    fn deposit(&mut self, amount: u64) -> u64 {
        self.0 += amount;
        self.0
    }

    #[handler]
    async fn balance(&self) -> Result<u64, String> {
        Ok(self.0)
    }

    #[handler]
    fn never_called(&self) {}

    #[handler]
    fn secret(&self, _secret: Secret, _of: u8) -> Option<String> {
        None
    }

    #[handler]
    fn single(&self) {}
}

#[actor]
#[derive(Debug)]
struct Alone;

#[handlers(protocols(Single), message(derive(Debug)))]
impl Alone {
    #[handler]
    fn single(&self) {}
}

fn requests(ledger: &LedgerRef, hidden: &impl Hidden<String>, single: &SingleRef) {
    drop(ledger.deposit(1));
    drop(ledger.balance());
    drop(hidden.secret(Secret, 1));
    drop(single.single());
}

fn main() {
    let _ = (Account(1), Alone);
    let _ = |account: &ActorRef<Account>, alone: &ActorRef<Alone>| {
        requests(&account.recipient(), &Recipient::<HiddenMessage<String>>::from(account), &alone.recipient());
    };
}
