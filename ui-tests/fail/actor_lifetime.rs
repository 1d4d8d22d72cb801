//! An actor that borrows.

use airssys_rt::prelude::*;

#[actor]
struct Counter<'a> {
    name: &'a str,
}

fn main() {}
