//! A delay in a unit that there is not.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(after = "5 seconds")]
    fn tick(&mut self) {}
}

fn main() {}
