//! An `event` handler without an event.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(event)]
    fn published(&mut self) {}
}

fn main() {}
