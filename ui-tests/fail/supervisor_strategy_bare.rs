//! A strategy without its value.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(strategy)]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
