//! A role that there is not.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(restarted)]
    fn begin(&mut self) {}
}

fn main() {}
