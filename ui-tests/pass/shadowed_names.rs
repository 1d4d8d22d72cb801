//! Generated code means what it says where the user's own items have the names of the prelude and of crates.

#![allow(dead_code, unused_macros, non_camel_case_types, non_snake_case)]

use airssys_rt::prelude::*;

mod std {}
mod core {}
mod alloc {}
mod tokio {}

struct Result;
struct Option;
struct String;
struct Vec;
struct Box;
struct Duration;
struct PhantomData;
struct Future;
trait Send {}
trait Sync {}
trait Clone {}
trait Default {
    fn default() -> Self;
}
trait Into {}
trait From {}

fn drop() {}
fn Ok() {}
fn Err() {}

macro_rules! matches {
    () => {
        compile_error!("not this one")
    };
}

#[actor(mailbox(capacity = 7, backpressure = "drop"))]
struct Counter<T> {
    value: T,
}

#[handlers(message(derive(Debug)))]
impl<T: ::core::marker::Send + 'static> Counter<T> {
    #[handler]
    fn plain(&mut self, ctx: &mut Context<Self>, message: u8, answer: u8, reply: u8, value: u8) -> u8 {
        let _ = ctx;
        message + answer + reply + value
    }

    #[handler]
    async fn later(&mut self, later: u8, plain: u8, text: impl ::core::convert::Into<::std::string::String>) -> u8 {
        let _: ::std::string::String = text.into();
        later + plain
    }

    #[handler]
    fn result(&mut self) -> ::core::result::Result<u8, u16> {
        ::core::result::Result::Ok(1)
    }

    #[handler]
    async fn fallible(&mut self) -> ActorResult<u8> {
        ::core::result::Result::Ok(1)
    }

    #[handler]
    fn deferred(&mut self, reply: ReplyTo<u8>) {
        reply.send(1);
    }

    #[handler(start)]
    async fn begin(&mut self) -> ::core::result::Result<(), ::std::io::Error> {
        ::core::result::Result::Ok(())
    }

    #[handler(every = "1s")]
    fn tick(&mut self) {}

    #[handler(message)]
    fn shared(&mut self, message: u32) -> u32 {
        message
    }
}

#[actor]
#[derive(::core::default::Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(max_restarts = 1, within = "1s")]
struct Office {
    started: u8,
    children: u8,
    supervisor: u8,
    #[child(start = { let _ = (started, children, supervisor); Worker })]
    amount: ActorRef<Worker>,
    #[child(count = started as usize)]
    pool: Pool<Worker>,
}

fn main() {
    let _ = Counter { value: 1 };
    let _ = Office::spec(1, 2, 3);
}
