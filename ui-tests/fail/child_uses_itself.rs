//! A start that names its own child.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(start = { drop(worker); Worker })]
    worker: ActorRef<Worker>,
}

fn main() {}
