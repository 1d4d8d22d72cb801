//! An `event` handler that wants to answer.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(event)]
    fn published(&mut self, event: String, reply: ReplyTo<u8>) {
        let _ = (event, reply);
    }
}

fn main() {}
