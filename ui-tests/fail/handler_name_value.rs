//! An option outside of parentheses.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler = "start"]
    fn begin(&mut self) {}
}

fn main() {}
