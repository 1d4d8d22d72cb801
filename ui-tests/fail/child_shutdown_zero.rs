//! No time to end.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(shutdown = "0s")]
    worker: ActorRef<Worker>,
}

fn main() {}
