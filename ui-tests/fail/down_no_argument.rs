//! A `down` handler that is told nothing.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(down)]
    fn gone(&mut self) {}
}

fn main() {}
