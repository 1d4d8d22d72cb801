//! A `start` handler that returns a value.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(start)]
    fn begin(&mut self) -> i64 {
        self.value
    }
}

fn main() {}
