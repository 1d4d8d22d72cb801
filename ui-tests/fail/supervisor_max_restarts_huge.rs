//! More restarts than can be counted.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(max_restarts = 5_000_000_000)]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
