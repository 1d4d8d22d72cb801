//! A borrowed `ReplyTo`.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn later(&mut self, reply: &ReplyTo<i64>) {}
}

fn main() {}
