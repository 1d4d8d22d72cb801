//! A handle of nothing.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(start = Worker)]
    worker: ActorRef,
}

fn main() {}
