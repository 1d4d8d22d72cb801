//! A `stop` handler that would change the reason.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(stop)]
    fn end(&mut self, reason: &mut ExitReason) {}
}

fn main() {}
