//! A handler with a const parameter.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn add<const N: usize>(&mut self, by: [i64; N]) {
        self.value += by.iter().sum::<i64>();
    }
}

fn main() {}
