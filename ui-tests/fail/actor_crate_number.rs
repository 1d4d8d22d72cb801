//! A crate that is no path.

use airssys_rt::prelude::*;

#[actor(crate = 3)]
struct Counter;

fn main() {}
