//! A switch that is a word.

use airssys_rt::prelude::*;

#[actor(inline = never)]
struct Counter;

fn main() {}
