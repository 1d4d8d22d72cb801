//! Each async handler with `&self`, of whatever sort, on a state that is not `Sync`.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: std::cell::Cell<i64>,
}

#[handlers]
impl Counter {
    #[handler]
    async fn value(&self) -> i64 {
        self.value.get()
    }

    #[handler]
    async fn add(&self, by: i64) {
        self.value.set(self.value.get() + by);
    }

    #[handler(start)]
    async fn begin(&self) {}

    #[handler(event)]
    async fn told(&self, _event: u8) {}

    #[handler]
    fn plain(&self) -> i64 {
        self.value.get()
    }
}

fn main() {}
