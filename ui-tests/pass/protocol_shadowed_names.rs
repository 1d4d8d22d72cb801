//! Generated code of a protocol means what it says where the user's own items have the names of the prelude and of crates.

#![allow(dead_code, non_camel_case_types, non_snake_case)]

use airssys_rt::prelude::{ActorRef, actor, handlers, protocol};

mod std {}
mod core {}
mod alloc {}
mod airssys {}

struct Result;
struct Option;
struct String;
struct Deposit;
struct Handler;
struct Recipient;
struct Protocol;
struct Actor;
trait Send {}
trait Clone {}
trait Into {}
trait Is {}

fn Ok() {}
fn Err() {}

#[protocol]
trait Ledger<A, T> {
    fn deposit(&self, own: A, message: T, unused: Deposit) -> Handler;
    fn own(&self, own: ::core::option::Option<A>) -> ::core::result::Result<T, Actor>;
}

#[actor]
struct Account<A> {
    value: A,
}

#[handlers(protocols(Ledger<A, u8>))]
impl<A: ::core::marker::Send + 'static> Account<A> {
    #[handler]
    fn deposit(&mut self, own: A, message: u8, unused: Deposit) -> Handler {
        self.value = own;
        let _ = (message, unused);
        Handler
    }

    #[handler]
    fn own(&mut self, own: ::core::option::Option<A>) -> ::core::result::Result<u8, Actor> {
        let _ = own;
        ::core::result::Result::Ok(1)
    }
}

fn ledger(account: &ActorRef<Account<u16>>) -> LedgerRef<u16, u8> {
    account.recipient()
}

fn main() {
    let _ = Account { value: 1 };
    let _ = ledger;
}
