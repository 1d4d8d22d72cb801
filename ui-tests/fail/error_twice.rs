//! Two `error` handlers.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(error)]
    fn failed(&mut self, error: &ActorError) -> ErrorAction {
        ErrorAction::Resume
    }

    #[handler(error)]
    fn failed_again(&mut self, error: &ActorError) -> ErrorAction {
        ErrorAction::Resume
    }
}

fn main() {}
