//! An answer of an async handler that cannot travel.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    async fn value(&mut self) -> Option<std::rc::Rc<i64>> {
        None
    }
}

fn main() {}
