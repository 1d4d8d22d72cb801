//! A group without what it needs.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(backoff())]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
