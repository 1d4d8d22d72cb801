//! A strategy that is none, as a word.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(strategy = restart_everything)]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
