//! A handler that consumes the actor.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn into_value(self) -> i64 {
        self.value
    }
}

fn main() {}
