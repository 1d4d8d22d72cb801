//! An `error` handler that does not take the error.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(error)]
    fn failed(&mut self) -> ErrorAction {
        ErrorAction::Resume
    }
}

fn main() {}
