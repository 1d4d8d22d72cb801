//! A switch that is a number.

use airssys_rt::prelude::*;

#[actor(blocking = 1)]
struct Counter;

fn main() {}
