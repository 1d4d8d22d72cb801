//! Half a restart.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(max_restarts = 2.5)]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
