//! An `error` handler with an argument too many.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(error)]
    fn failed(&mut self, error: &ActorError, message: String) -> ErrorAction {
        ErrorAction::Stop
    }
}

fn main() {}
