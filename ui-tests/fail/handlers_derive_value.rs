//! A derive that is no list.

use airssys_rt::prelude::*;

#[actor]
struct Counter;

#[handlers(message(derive = "Debug"))]
impl Counter {
    #[handler]
    fn increment(&mut self) {}
}

fn main() {}
