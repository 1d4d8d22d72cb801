//! A deferred answer that cannot travel.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn value(&mut self, reply: ReplyTo<std::rc::Rc<i64>>) {}
}

fn main() {}
