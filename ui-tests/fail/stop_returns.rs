//! A `stop` handler that returns something.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(stop)]
    fn end(&mut self) -> bool {
        true
    }
}

fn main() {}
