//! An `exit` handler that takes nothing.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(exit)]
    fn linked(&mut self) {}
}

fn main() {}
