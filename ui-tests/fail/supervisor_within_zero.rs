//! A window of no time.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(within = "0s")]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
