//! A size without its number.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(count)]
    workers: Pool<Worker>,
}

fn main() {}
