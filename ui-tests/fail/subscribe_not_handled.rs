//! A subscription to an event that is not handled.

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

fn subscribe(system: &System, counter: &ActorRef<Counter>) {
    system.events().subscribe::<Tick>(counter);
}

fn main() {}
