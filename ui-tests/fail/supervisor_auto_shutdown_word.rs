//! A way to end that there is not.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(auto_shutdown = "always")]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
