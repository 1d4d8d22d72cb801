//! A handler behind a condition.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[cfg_attr(unix, handler)]
    fn increment(&mut self) {
        self.value += 1;
    }
}

fn main() {}
