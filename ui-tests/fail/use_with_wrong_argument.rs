//! A request with an argument of another type.

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
    let _ = counter.add("one");
}

fn main() {}
