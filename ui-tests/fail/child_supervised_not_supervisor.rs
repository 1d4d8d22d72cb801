//! A `Supervised` of an actor.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child]
    worker: Supervised<Worker>,
}

fn main() {}
