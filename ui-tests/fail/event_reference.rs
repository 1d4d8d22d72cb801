//! An event that is borrowed.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(event)]
    fn told(&mut self, event: &u8) {}
}

fn main() {}
