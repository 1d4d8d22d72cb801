//! A period of nothing.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(every = "0s")]
    fn tick(&mut self) {}
}

fn main() {}
