//! A message told to an actor that handles others.

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

    #[handler(message)]
    fn count(&mut self, _of: u8) {}

    fn audit(&self) {}
}

#[derive(Clone)]
struct Tick;

fn tell(counter: &ActorRef<Counter>) {
    let _ = counter.try_tell(Tick);
}

fn main() {}
