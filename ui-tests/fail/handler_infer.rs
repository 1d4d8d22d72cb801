//! An argument whose type is left out.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn add(&mut self, by: Vec<_>) {
        self.value += by.len() as i64;
    }
}

fn main() {}
