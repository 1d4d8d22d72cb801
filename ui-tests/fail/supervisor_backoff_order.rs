//! A backoff that ends before it begins.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(backoff(first = "10s", max = "1s"))]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
