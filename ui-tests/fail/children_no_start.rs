//! `Children` with an argument but no start.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(restart = "temporary")]
    workers: Children<Worker, u64>,
}

fn main() {}
