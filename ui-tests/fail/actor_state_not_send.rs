//! A state that cannot travel.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: std::rc::Rc<i64>,
}

#[handlers]
impl Counter {
    #[handler]
    fn value(&self) -> i64 {
        *self.value
    }
}

fn main() {}
