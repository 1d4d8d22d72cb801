//! A reference inside an answer.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn name(&self) -> Option<&str> {
        None
    }
}

fn main() {}
