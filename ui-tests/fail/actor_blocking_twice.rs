//! The same switch twice.

use airssys_rt::prelude::*;

#[actor(blocking, blocking = true)]
struct Counter;

fn main() {}
