//! A crate that is a list.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(crate(airssys_rt))]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
