//! An answer to a shared message that cannot travel.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(message)]
    fn value(&mut self, _of: u8) -> std::rc::Rc<i64> {
        std::rc::Rc::new(self.value)
    }
}

fn main() {}
