//! A misspelt option of `#[child]`.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(shutdwn = "5s")]
    worker: ActorRef<Worker>,
}

fn main() {}
