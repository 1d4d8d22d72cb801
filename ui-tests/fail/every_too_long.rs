//! A period longer than there is time.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(every = "99999999999999999999h")]
    fn tick(&mut self) {}
}

fn main() {}
