//! An unsafe block of handlers.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
unsafe impl Counter {}

fn main() {}
