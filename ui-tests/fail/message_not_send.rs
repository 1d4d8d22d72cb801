//! A shared message that cannot travel.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(message)]
    fn add(&mut self, by: std::rc::Rc<i64>) {}
}

fn main() {}
