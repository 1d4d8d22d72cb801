//! A handler with a name that every address has.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn stop(&mut self) {}
}

fn main() {}
