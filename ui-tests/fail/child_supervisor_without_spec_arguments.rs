//! A supervisor below that needs arguments.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child]
    floor: Supervised<Floor>,
}

#[supervisor]
struct Floor {
    number: u8,
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
