//! A start that names what there is not.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(start = { let _ = desk; Worker })]
    worker: ActorRef<Worker>,
}

fn main() {}
