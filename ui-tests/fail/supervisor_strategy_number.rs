//! A strategy that is a number.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(strategy = 1)]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
