//! A period with a fraction and no unit.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(every = 1.5)]
    fn tick(&mut self) {}
}

fn main() {}
