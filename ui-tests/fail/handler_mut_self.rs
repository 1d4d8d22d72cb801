//! A handler that takes its actor by value, to change it.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn add(mut self, by: i64) {
        self.value += by;
    }
}

fn main() {}
