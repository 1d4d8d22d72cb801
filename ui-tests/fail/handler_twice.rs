//! Two attributes on one method.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    #[handler(start)]
    fn begin(&mut self) {}
}

fn main() {}
