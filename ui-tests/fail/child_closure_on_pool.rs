//! A closure where an expression belongs.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(start = |n: usize| Worker, count = 4)]
    workers: Pool<Worker>,
}

fn main() {}
