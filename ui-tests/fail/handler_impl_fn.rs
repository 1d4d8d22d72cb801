//! A closure as an argument.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn update(&mut self, change: impl FnOnce(i64) -> i64 + Send + 'static) {
        self.value = change(self.value);
    }
}

fn main() {}
