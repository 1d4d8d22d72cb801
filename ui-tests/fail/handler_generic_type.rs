//! A handler with a type parameter.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn add<N: Into<i64> + Send + 'static>(&mut self, by: N) {
        self.value += by.into();
    }
}

fn main() {}
