//! An `error` handler that decides nothing.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(error)]
    fn failed(&mut self, error: &ActorError) {
        let _ = error;
    }
}

fn main() {}
