//! A field of the actor, read through a reference.

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

fn read(counter: &ActorRef<Counter>) -> i64 {
    counter.value
}

fn main() {}
