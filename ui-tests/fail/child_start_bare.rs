//! A start without its expression.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(start)]
    worker: ActorRef<Worker>,
}

fn main() {}
