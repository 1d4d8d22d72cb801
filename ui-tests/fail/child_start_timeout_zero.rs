//! No time to start.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(start_timeout = "0ms")]
    worker: ActorRef<Worker>,
}

fn main() {}
