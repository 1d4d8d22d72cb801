//! Nothing that is generated needs a name in scope, not even those of the prelude.

#![no_implicit_prelude]
#![deny(warnings)]

use ::airssys_rt::{ActorError, ActorRef, ActorResult, Children, Context, Pool, ReplyTo, actor, handlers, supervisor};

#[actor(mailbox(capacity = 4))]
#[derive(::std::default::Default)]
struct Counter<T: ::std::default::Default> {
    value: T,
}

#[handlers(message(derive(::std::fmt::Debug, ::std::clone::Clone)))]
impl<T: ::std::default::Default + ::std::clone::Clone + ::std::marker::Send + 'static> Counter<T> {
    #[handler]
    fn set(&mut self, value: T, _name: impl ::std::convert::Into<::std::string::String>) -> T {
        ::std::mem::replace(&mut self.value, value)
    }

    #[handler]
    async fn get(&mut self) -> ::std::option::Option<T> {
        ::std::option::Option::Some(::std::clone::Clone::clone(&self.value))
    }

    #[handler]
    fn checked(&mut self) -> ::std::result::Result<u8, ::std::string::String> {
        ::std::result::Result::Ok(1)
    }

    #[handler]
    async fn failing(&mut self, ctx: &mut Context<Self>) -> ActorResult<u8> {
        let _ = ctx;
        ::std::result::Result::Err(ActorError::msg("no"))
    }

    #[handler]
    fn later(&mut self, reply: ReplyTo<u8>) {
        reply.send(1);
    }

    #[handler(start)]
    fn begin(&mut self) -> ::std::result::Result<(), ::std::fmt::Error> {
        ::std::result::Result::Ok(())
    }

    #[handler(event)]
    fn told(&mut self, _event: u16) {}

    #[handler(every = "1h")]
    async fn tick(&mut self) {}

    #[handler(message)]
    fn shared(&mut self, message: u32) -> u32 {
        message
    }
}

#[supervisor(within = "1m", backoff(first = "1ms", max = "1s", jitter = 0.1))]
struct Office {
    number: u8,
    #[child]
    one: ActorRef<Counter<u8>>,
    #[child(start = Counter { value: number }, count = 2, shutdown = "kill", restart = "transient")]
    some: Pool<Counter<u8>>,
    #[child(start = |value: u8| Counter { value: value + number }, max = 3)]
    more: Children<Counter<u8>, u8>,
}

fn requests(counter: &ActorRef<Counter<u8>>) {
    let _ = counter.set(1, "one");
    let _ = counter.get();
    let _ = counter.checked();
    let _ = counter.failing();
    let _ = counter.later();
}

fn main() {
    let _ = (requests, Office::spec(1));
    let message: CounterMessage<u8> = CounterMessage::Get;
    let _ = ::std::clone::Clone::clone(&message);
}
