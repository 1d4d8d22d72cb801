//! One message about a missing `#[actor]`, however many handlers there are.

use airssys_rt::prelude::*;

struct Counter;

#[handlers]
impl Counter {
    #[handler]
    fn add(&mut self, by: i64) {}

    #[handler]
    async fn value(&self) -> i64 {
        0
    }

    #[handler(event)]
    fn told(&mut self, _event: u8) {}

    #[handler(every = "1s")]
    fn tick(&mut self) {}
}

fn ask(counter: &ActorRef<Counter>) {
    let _ = counter.add(1);
}

fn main() {}
