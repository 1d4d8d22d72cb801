//! Two handlers for one type.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(message)]
    fn tick(&mut self, tick: u8) {
        let _ = tick;
    }

    #[handler(event)]
    fn tock(&mut self, tock: u8) {
        let _ = tock;
    }
}

fn main() {}
