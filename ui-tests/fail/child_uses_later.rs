//! A start that names a child below it.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[actor]
struct Desk(ActorRef<Worker>);

#[handlers]
impl Desk {}

impl Desk {
    fn new(worker: ActorRef<Worker>) -> Self {
        Self(worker)
    }
}

#[supervisor]
struct Office {
    #[child(start = Desk::new(worker))]
    desk: ActorRef<Desk>,

    #[child]
    worker: ActorRef<Worker>,
}

fn main() {}
