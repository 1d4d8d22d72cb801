//! A switch that is a number.

use airssys_rt::prelude::*;

#[actor(inline = 3)]
struct Counter;

fn main() {}
