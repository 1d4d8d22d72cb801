//! A handler that never answers.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn run(&mut self) -> ! {
        loop {}
    }
}

fn main() {}
