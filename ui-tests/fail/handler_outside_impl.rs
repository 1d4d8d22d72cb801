//! `#[handler]` on a method of an impl without `#[handlers]`.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

impl Counter {
    #[handler]
    fn add(&mut self, by: i64) {}
}

fn main() {}
