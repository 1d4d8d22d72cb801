//! An actor without its `#[handlers]` is none yet.

use airssys_rt::prelude::*;

#[actor]
struct Counter;

fn spawn(system: &System) {
    let _ = system.spawn(Counter);
}

fn main() {}
