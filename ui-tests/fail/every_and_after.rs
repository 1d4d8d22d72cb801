//! A handler with two clocks.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(every = "1s", after = "5s")]
    fn tick(&mut self) {}
}

fn main() {}
