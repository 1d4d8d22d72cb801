//! A handler with a lifetime parameter, and an argument that uses it.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn name<'a>(&'a self, name: &'a str) {
        println!("{name}");
    }
}

fn main() {}
