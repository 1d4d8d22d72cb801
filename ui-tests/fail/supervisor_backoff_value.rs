//! A group of options written as a value.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(backoff = "100ms")]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
