//! A misspelt role.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(strat)]
    fn begin(&mut self) {}
}

fn main() {}
