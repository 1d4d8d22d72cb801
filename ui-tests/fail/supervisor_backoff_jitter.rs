//! A jitter of more than the whole.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(backoff(first = "1s", max = "10s", jitter = 20))]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
