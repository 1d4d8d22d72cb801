//! A message and an event of one type.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(message)]
    fn tick(&mut self, tick: u8) {}

    #[handler(event)]
    fn told(&mut self, tick: u8) {}
}

fn main() {}
