//! A period in parentheses.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(every("1s"))]
    fn tick(&mut self) {}
}

fn main() {}
