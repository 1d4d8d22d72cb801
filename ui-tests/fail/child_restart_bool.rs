//! A restart policy that is a `bool`.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(restart = true)]
    worker: ActorRef<Worker>,
}

fn main() {}
