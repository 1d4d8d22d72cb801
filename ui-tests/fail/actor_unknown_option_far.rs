//! An option like no other of `#[actor]` gets the list of them.

use airssys_rt::prelude::*;

#[actor(colour = "red")]
struct Counter;

fn main() {}
