//! A `down` handler that borrows.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(down)]
    fn gone(&mut self, down: &Down) {}
}

fn main() {}
