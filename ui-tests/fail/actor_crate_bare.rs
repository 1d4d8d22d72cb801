//! A crate without its path.

use airssys_rt::prelude::*;

#[actor(crate)]
struct Counter;

fn main() {}
