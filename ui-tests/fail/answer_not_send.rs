//! An answer that cannot travel.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn value(&self) -> std::rc::Rc<i64> {
        std::rc::Rc::new(self.value)
    }
}

fn main() {}
