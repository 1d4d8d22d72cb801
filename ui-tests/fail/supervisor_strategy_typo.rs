//! A misspelt strategy.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(strategy = "one_for_al")]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
