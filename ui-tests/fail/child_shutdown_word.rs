//! A way to end that there is not.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(shutdown = "never")]
    worker: ActorRef<Worker>,
}

fn main() {}
