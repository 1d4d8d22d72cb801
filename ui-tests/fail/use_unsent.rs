//! A request that is never sent.

#![deny(unused_must_use)]

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
}

fn call(counter: &ActorRef<Counter>) {
    counter.add(1);
}

fn main() {}
