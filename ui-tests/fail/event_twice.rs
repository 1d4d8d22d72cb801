//! Two handlers of one event.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(event)]
    fn told(&mut self, event: u8) {}

    #[handler(event)]
    fn told_again(&mut self, event: u8) {}
}

fn main() {}
