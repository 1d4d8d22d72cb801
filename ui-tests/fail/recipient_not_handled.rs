//! A recipient of messages that the actor does not handle.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn add(&mut self, by: i64) {
        self.value += by;
    }

    fn audit(&self) {}
}

#[derive(Clone)]
struct Tick;

fn recipient(counter: &ActorRef<Counter>) -> Recipient<Tick> {
    counter.recipient()
}

fn main() {}
