//! A pause without a unit.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(backoff(first = "1s", max = "2s", reset_after = 60))]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
