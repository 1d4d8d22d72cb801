//! An `error` handler that decides with a `bool`.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(error)]
    fn failed(&mut self, error: &ActorError) -> bool {
        true
    }
}

fn main() {}
