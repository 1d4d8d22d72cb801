//! Something held across an await that cannot travel.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    async fn add(&mut self, by: i64) -> i64 {
        let shared = std::rc::Rc::new(by);
        pause().await;
        *shared
    }
}

async fn pause() {}

fn main() {}
