//! Two blocks of handlers for one actor.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn add(&mut self, by: i64) {
        self.value += by;
    }
}

#[handlers]
impl Counter {
    #[handler]
    fn take(&mut self, by: i64) {
        self.value -= by;
    }
}

fn main() {}
