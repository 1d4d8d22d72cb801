//! A supervisor that borrows.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office<'a> {
    name: &'a str,
    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
