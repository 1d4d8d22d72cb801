//! A misspelt restart policy.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(restart = "permanant")]
    worker: ActorRef<Worker>,
}

fn main() {}
