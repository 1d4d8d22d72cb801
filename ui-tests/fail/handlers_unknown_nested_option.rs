//! A misspelt option of `message(…)`.

use airssys_rt::prelude::*;

#[actor]
struct Counter;

#[handlers(message(derives(Debug)))]
impl Counter {
    #[handler]
    fn increment(&mut self) {}
}

fn main() {}
