//! The same word twice.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(start, start)]
    fn begin(&mut self) {}
}

fn main() {}
