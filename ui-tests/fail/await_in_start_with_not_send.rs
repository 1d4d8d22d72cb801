//! Something held across an await in a start handler.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(start)]
    async fn begin(&mut self) {
        let shared = std::rc::Rc::new(1);
        pause().await;
        self.value = *shared;
    }
}

async fn pause() {}

fn main() {}
