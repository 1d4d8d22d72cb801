//! A window in a unit that there is not.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(within = "5 minutes")]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
