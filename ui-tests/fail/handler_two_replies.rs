//! Two answers to one message.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn value(&self, first: ReplyTo<i64>, second: ReplyTo<i64>) {
        first.send(self.value);
        second.send(self.value);
    }
}

fn main() {}
