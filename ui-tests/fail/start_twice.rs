//! Two `start` handlers: the error is at the second.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(start)]
    fn one(&mut self) {}

    #[handler(start)]
    fn two(&mut self) {}
}

fn main() {}
