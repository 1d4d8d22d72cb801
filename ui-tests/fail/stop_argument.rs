//! A `stop` handler with something else than the reason.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(stop)]
    fn end(&mut self, reason: String) {
        let _ = reason;
    }
}

fn main() {}
