//! Each argument that cannot travel, in an actor with every sort of handler.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn add(&mut self, by: std::rc::Rc<i64>) {
        self.value += *by;
    }

    #[handler]
    async fn name(&mut self, name: Option<Box<dyn Fn() -> String>>) {}

    #[handler]
    async fn value(&self) -> i64 {
        self.value
    }
}

fn main() {}
