//! A handler that wants the actor in a box.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn value(self: Box<Self>) -> i64 {
        self.value
    }
}

fn main() {}
