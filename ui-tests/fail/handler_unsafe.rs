//! An unsafe handler.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    unsafe fn increment(&mut self) {
        self.value += 1;
    }
}

fn main() {}
