//! A lock held across an await.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    async fn add(&mut self, by: std::sync::Arc<std::sync::Mutex<i64>>) {
        let by = by.lock().unwrap();
        pause().await;
        self.value += *by;
    }
}

async fn pause() {}

fn main() {}
