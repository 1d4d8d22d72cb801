//! A supervisor with nothing to supervise.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    path: String,
}

fn main() {}
