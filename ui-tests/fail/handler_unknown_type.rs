//! A misspelt type is reported once.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn rename(&mut self, name: Strng) {}
}

fn main() {}
