//! Two `stop` handlers.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(stop)]
    fn end(&mut self) {}

    #[handler(stop)]
    fn end_again(&mut self) {}
}

fn main() {}
