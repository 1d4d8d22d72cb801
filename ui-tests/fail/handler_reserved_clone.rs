//! A name that every address has from the standard library.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn clone(&self) -> i64 {
        self.value
    }
}

fn main() {}
