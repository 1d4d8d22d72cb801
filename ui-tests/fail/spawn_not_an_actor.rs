//! Something spawned that is no actor.

use airssys_rt::prelude::*;

struct Counter;

fn spawn(system: &System) {
    let _ = system.spawn(Counter);
}

fn main() {}
