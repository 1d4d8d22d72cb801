//! Two `exit` handlers.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(exit)]
    fn linked(&mut self, exit: Exit) {}

    #[handler(exit)]
    fn linked_again(&mut self, exit: Exit) {}
}

fn main() {}
