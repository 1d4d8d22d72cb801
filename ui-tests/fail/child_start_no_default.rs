//! A child without `start` whose actor has no `Default`.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[actor]
struct Desk(u8);

#[handlers]
impl Desk {}

#[supervisor]
struct Office {
    #[child]
    desk: ActorRef<Desk>,
}

fn main() {}
