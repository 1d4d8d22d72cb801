//! An async handler with `&self` on a state that is not `Sync`: the remedy is `&mut self`.

use airssys_rt::prelude::*;

use std::cell::Cell;

#[actor]
struct Counter {
    value: Cell<i64>,
}

#[handlers]
impl Counter {
    #[handler]
    async fn value(&self) -> i64 {
        self.value.get()
    }
}

fn main() {}
