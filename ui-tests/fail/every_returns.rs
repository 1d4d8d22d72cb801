//! A timer that returns something.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(every = "1s")]
    fn tick(&mut self) -> i64 {
        self.value
    }
}

fn main() {}
