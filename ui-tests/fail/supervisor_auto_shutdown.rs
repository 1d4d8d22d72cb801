//! An unknown way to shut down.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(auto_shutdown = "any_signifcant")]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
