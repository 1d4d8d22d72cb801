//! A start that gives something else than the field says.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(start = 3)]
    worker: ActorRef<Worker>,
}

fn main() {}
