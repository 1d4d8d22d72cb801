//! A handler without the actor.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn increment(by: i64) -> i64 {
        by
    }
}

fn main() {}
