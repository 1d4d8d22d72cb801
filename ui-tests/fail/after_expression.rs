//! A delay as an expression.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(after = Duration::from_secs(5))]
    fn tick(&mut self) {}
}

fn main() {}
