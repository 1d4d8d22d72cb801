//! A switch that is a number.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(auto_shutdown = "any_significant")]
struct Office {
    #[child(restart = "transient", significant = 1)]
    worker: ActorRef<Worker>,
}

fn main() {}
