//! A `message` handler without a message.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(message)]
    fn tick(&mut self) {}
}

fn main() {}
