//! Two ways to answer one message.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn value(&self, reply: ReplyTo<i64>) -> i64 {
        reply.send(self.value);
        self.value
    }
}

fn main() {}
