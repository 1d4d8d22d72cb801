//! Who calls a handler that has a mistake has none.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn greet(&mut self, name: &str) {}

    #[handler]
    const fn add(&mut self, by: i64) -> i64 {
        by
    }

    #[handler]
    fn value(&self) -> i64 {
        self.value
    }
}

async fn ask(counter: &ActorRef<Counter>) -> Result<i64, AskError> {
    counter.greet("Ada".to_owned()).await?;
    counter.add(1).await?;
    counter.value().await
}

fn main() {}
