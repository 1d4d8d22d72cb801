//! A word with options of its own.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(start(late))]
    fn begin(&mut self) {}
}

fn main() {}
