//! Two attributes on one field.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(start = Worker)]
    #[child(restart = "transient")]
    worker: ActorRef<Worker>,
}

fn main() {}
