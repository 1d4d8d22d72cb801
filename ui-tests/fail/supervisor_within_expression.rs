//! A window that only the program knows.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(within = Duration::from_secs(5))]
struct Office {
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
