//! An option like no other.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(colour = "red")]
    worker: ActorRef<Worker>,
}

fn main() {}
