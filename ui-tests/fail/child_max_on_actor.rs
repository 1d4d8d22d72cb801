//! A limit on one actor.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(max = 3)]
    worker: ActorRef<Worker>,
}

fn main() {}
