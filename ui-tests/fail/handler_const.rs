//! A const handler.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    const fn increment(&mut self) {
        self.value += 1;
    }
}

fn main() {}
