//! A pool of nobody.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(count = 0)]
    workers: Pool<Worker>,
}

fn main() {}
