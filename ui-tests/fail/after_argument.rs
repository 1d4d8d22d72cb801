//! A delay that would bring something.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(after = "5s")]
    fn tick(&mut self, reply: ReplyTo<u8>) {}
}

fn main() {}
