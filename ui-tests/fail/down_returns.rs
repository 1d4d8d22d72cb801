//! A `down` handler that returns something.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(down)]
    fn gone(&mut self, down: Down) -> ErrorAction {
        ErrorAction::Stop
    }
}

fn main() {}
