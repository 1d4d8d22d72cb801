//! A size in quotes.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(count = "4")]
    workers: Pool<Worker>,
}

fn main() {}
