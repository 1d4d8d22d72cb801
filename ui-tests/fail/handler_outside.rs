//! A handler in an impl without `#[handlers]`.

use airssys_rt::prelude::*;

#[actor]
struct Counter;

impl Counter {
    #[handler]
    fn increment(&mut self) {}
}

fn main() {}
