//! A switch that is a list.

use airssys_rt::prelude::*;

#[actor(blocking(true))]
struct Counter;

fn main() {}
