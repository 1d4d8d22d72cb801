//! A permanent child cannot be significant.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(auto_shutdown = "any_significant")]
struct Office {
    #[child(significant)]
    worker: ActorRef<Worker>,
}

fn main() {}
