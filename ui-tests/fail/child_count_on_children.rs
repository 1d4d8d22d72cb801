//! A size of what comes and goes.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(start = |n: u8| Worker, count = 4)]
    workers: Children<Worker, u8>,
}

fn main() {}
