//! A name that is a number.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(name = 7)]
    worker: ActorRef<Worker>,
}

fn main() {}
