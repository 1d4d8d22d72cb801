//! The options of a child without parentheses.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child = "worker"]
    worker: ActorRef<Worker>,
}

fn main() {}
