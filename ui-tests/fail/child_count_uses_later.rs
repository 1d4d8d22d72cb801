//! A size that depends on a child below.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(count = second.pid().to_string().len())]
    first: Pool<Worker>,

    #[child]
    second: ActorRef<Worker>,
}

fn main() {}
