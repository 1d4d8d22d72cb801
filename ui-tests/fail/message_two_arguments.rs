//! A `message` handler with two messages.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(message)]
    fn tick(&mut self, tick: u8, tock: u16) {
        let _ = (tick, tock);
    }
}

fn main() {}
