//! A misspelt option of `#[supervisor]`.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(stategy = "one_for_one")]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
