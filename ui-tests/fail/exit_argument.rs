//! An `exit` handler for something else.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(exit)]
    fn linked(&mut self, reason: ExitReason) {}
}

fn main() {}
