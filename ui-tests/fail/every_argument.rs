//! A timer's handler with an argument.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(every = "1s")]
    fn tick(&mut self, count: u64) {
        let _ = count;
    }
}

fn main() {}
