//! Handlers of a struct without `#[actor]`.

use airssys_rt::prelude::*;

struct Counter;

#[handlers]
impl Counter {
    #[handler]
    fn increment(&mut self) {}
}

fn main() {}
