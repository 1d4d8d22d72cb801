//! An option like no other.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(colour = "red")]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
