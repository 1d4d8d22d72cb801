//! A period that runs backwards.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(every = -5)]
    fn tick(&mut self) {}
}

fn main() {}
