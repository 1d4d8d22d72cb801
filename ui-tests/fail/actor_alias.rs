//! `#[actor]` on another name of a type.

use airssys_rt::prelude::*;

#[actor]
type Counter = Vec<u8>;

fn main() {}
