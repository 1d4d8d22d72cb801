//! Protocols of another crate than the actors that take part in them.

use airssys_rt::prelude::*;

/// More than there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdrawn(pub u64);

/// Keeps money.
#[protocol(message(name = "LedgerCommand", derive(Debug, Clone, PartialEq)))]
pub trait Ledger {
    /// Adds `amount` and answers the balance.
    fn deposit(&self, amount: u64) -> u64;
    fn withdraw(&self, amount: u64) -> Result<u64, Overdrawn>;
    fn rename(&self, name: impl Into<String>) -> String;
    fn balance(&self) -> u64;
    fn close(&self);
}

/// Counts money.
#[protocol(message(derive(Debug, Clone, PartialEq)))]
pub trait Audit {
    fn total(&self) -> u64;
    fn balance(&self) -> u64;
}

/// Keeps anything under anything.
#[protocol(message(derive(Debug, Clone, PartialEq)))]
pub trait Store<K, V = String> {
    fn put(&self, key: K, value: V) -> Option<V>;
    fn get(&self, key: K) -> Option<V>;
}
