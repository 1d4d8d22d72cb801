//! A borrowed string as an argument.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn rename(&mut self, name: &str) {
        println!("{name}");
    }
}

fn main() {}
