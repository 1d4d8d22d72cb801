//! A role with a value.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(start = true)]
    fn begin(&mut self) {}
}

fn main() {}
