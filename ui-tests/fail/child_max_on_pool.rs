//! A limit on a pool.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(count = 4, max = 8)]
    workers: Pool<Worker>,
}

fn main() {}
