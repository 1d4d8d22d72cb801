//! Children without names.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office(#[child] ActorRef<Worker>);

fn main() {}
