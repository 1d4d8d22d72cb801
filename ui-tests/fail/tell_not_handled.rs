//! A message told to an actor that does not handle it.

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

async fn tell(counter: &ActorRef<Counter>) {
    let _ = counter.tell(Tick).await;
}

fn main() {}
