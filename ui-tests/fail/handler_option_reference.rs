//! A reference inside a tuple.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn add(&mut self, by: (u8, &[u8])) {}
}

fn main() {}
