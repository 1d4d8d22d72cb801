//! A misspelt option inside a group.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(backoff(first = "100ms", maximum = "30s"))]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
