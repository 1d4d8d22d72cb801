//! An `exit` handler that returns something.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(exit)]
    fn linked(&mut self, exit: Exit) -> u8 {
        0
    }
}

fn main() {}
