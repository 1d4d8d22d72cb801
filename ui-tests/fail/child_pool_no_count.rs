//! A pool without a size.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child]
    workers: Pool<Worker>,
}

fn main() {}
