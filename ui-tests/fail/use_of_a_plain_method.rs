//! A method that is no handler, called through a reference.

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

fn call(counter: &ActorRef<Counter>) {
    counter.audit();
}

fn main() {}
