//! A number as a string.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(max_restarts = "3")]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
