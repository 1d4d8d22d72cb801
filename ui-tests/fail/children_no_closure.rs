//! `Children` without a closure.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(start = Worker)]
    workers: Children<Worker, u64>,
}

fn main() {}
