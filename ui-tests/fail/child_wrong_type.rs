//! A child that is no handle.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(start = Worker)]
    worker: Worker,
}

fn main() {}
