//! A message name that is no name.

use airssys_rt::prelude::*;

#[actor]
struct Counter;

#[handlers(message(name = "counter command"))]
impl Counter {
    #[handler]
    fn increment(&mut self) {}
}

fn main() {}
