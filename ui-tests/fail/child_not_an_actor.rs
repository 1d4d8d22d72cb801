//! A child that is no actor.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child]
    worker: ActorRef<String>,
}

fn main() {}
