//! An `event` handler that returns a value.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(event)]
    fn published(&mut self, event: String) -> usize {
        event.len()
    }
}

fn main() {}
