//! An impl for an actor that borrows.

use airssys_rt::prelude::*;

#[actor]
struct Counter<'a> {
    name: &'a str,
}

#[handlers]
impl Counter<'_> {
    #[handler]
    fn name(&mut self) {}
}

fn main() {}
