//! An `impl Into` that has to be something else, too.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn rename(&mut self, name: impl Into<String> + Clone) {}
}

fn main() {}
