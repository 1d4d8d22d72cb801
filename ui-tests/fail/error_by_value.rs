//! An `error` handler that wants to own the error.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(error)]
    fn failed(&mut self, error: ActorError) -> ErrorAction {
        let _ = error;
        ErrorAction::Resume
    }
}

fn main() {}
