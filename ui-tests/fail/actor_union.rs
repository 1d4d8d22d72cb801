//! A union cannot be an actor.

use airssys_rt::prelude::*;

#[actor]
union Bits {
    word: u32,
    bytes: [u8; 4],
}

fn main() {}
