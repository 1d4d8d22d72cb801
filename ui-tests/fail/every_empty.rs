//! A period of no text.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(every = "")]
    fn tick(&mut self) {}
}

fn main() {}
