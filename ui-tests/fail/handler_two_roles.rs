//! One method for two reasons.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(start, stop)]
    fn both(&mut self) {}
}

fn main() {}
