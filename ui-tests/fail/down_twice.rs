//! Two `down` handlers.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(down)]
    fn gone(&mut self, down: Down) {}

    #[handler(down)]
    fn gone_again(&mut self, down: Down) {}
}

fn main() {}
