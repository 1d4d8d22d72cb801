//! An argument of any type that displays.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn print(&mut self, what: impl std::fmt::Display) {
        println!("{what}");
    }
}

fn main() {}
