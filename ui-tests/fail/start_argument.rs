//! A `start` handler with an argument.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(start)]
    fn begin(&mut self, value: i64) {
        self.value = value;
    }
}

fn main() {}
