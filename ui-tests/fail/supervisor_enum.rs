//! An enum cannot be a supervisor.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
enum Office {
    Open {
        #[child]
        worker: ActorRef<Worker>,
    },
}

fn main() {}
