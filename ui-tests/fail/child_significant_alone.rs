//! Significant to a supervisor that never shuts itself down.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(restart = "transient", significant)]
    worker: ActorRef<Worker>,
}

fn main() {}
