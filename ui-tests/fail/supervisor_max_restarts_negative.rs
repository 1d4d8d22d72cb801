//! A number of restarts below nothing.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(max_restarts = -1)]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
