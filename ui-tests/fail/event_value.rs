//! An event named in the attribute.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(event = Tick)]
    fn told(&mut self) {}
}

fn main() {}
