//! An empty name.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(name = "")]
    worker: ActorRef<Worker>,
}

fn main() {}
