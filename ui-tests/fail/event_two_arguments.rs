//! An `event` handler with two events.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(event)]
    fn published(&mut self, one: String, two: u8) {
        let _ = (one, two);
    }
}

fn main() {}
