//! Handlers in the impl of a trait.

use airssys_rt::prelude::*;

trait Count {
    fn increment(&mut self);
}

#[actor]
struct Counter;

#[handlers]
impl Count for Counter {
    #[handler]
    fn increment(&mut self) {}
}

fn main() {}
