//! A limit without a unit.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(shutdown = 5)]
    worker: ActorRef<Worker>,
}

fn main() {}
