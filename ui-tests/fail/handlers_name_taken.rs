//! A message named like the actor.

use airssys_rt::prelude::*;

#[actor]
struct Counter;

#[handlers(message(name = "Counter"))]
impl Counter {
    #[handler]
    fn increment(&mut self) {}
}

fn main() {}
