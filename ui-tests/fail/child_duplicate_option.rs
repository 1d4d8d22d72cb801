//! The same option twice.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(restart = "transient", restart = "temporary")]
    worker: ActorRef<Worker>,
}

fn main() {}
