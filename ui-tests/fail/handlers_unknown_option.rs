//! A misspelt option of `#[handlers]`.

use airssys_rt::prelude::*;

#[actor]
struct Counter;

#[handlers(mesage(name = "Command"))]
impl Counter {
    #[handler]
    fn increment(&mut self) {}
}

fn main() {}
