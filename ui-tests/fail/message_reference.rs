//! A shared message that is borrowed.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(message)]
    fn tick(&mut self, tick: &str) {}
}

fn main() {}
