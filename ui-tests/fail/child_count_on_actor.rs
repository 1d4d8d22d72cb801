//! A size on a single actor.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(count = 4)]
    worker: ActorRef<Worker>,
}

fn main() {}
