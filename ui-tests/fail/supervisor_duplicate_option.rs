//! An option given twice.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(within = "5s", within = "6s")]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
