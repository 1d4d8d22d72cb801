//! A delay of nothing.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(after = 0s)]
    fn tick(&mut self) {}
}

fn main() {}
