//! A message that is told again and again, and cannot be cloned.

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

fn repeat(counter: &ActorRef<Counter>) {
    let _ = counter.add(1).tell_every(Duration::from_secs(1));
}

fn main() {}
