//! A misspelt way to end.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(shutdown = "kil")]
    worker: ActorRef<Worker>,
}

fn main() {}
