//! A share that is a word.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(backoff(first = "1s", max = "2s", jitter = "some"))]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
