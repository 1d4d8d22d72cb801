//! A child that is held by a weak reference.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child]
    worker: WeakRef<Worker>,
}

fn main() {}
