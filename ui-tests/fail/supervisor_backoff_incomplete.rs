//! A backoff without its end.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(backoff(first = "100ms"))]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
