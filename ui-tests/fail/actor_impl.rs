//! `#[actor]` on the impl instead of the struct.

use airssys_rt::prelude::*;

struct Counter;

#[actor]
impl Counter {}

fn main() {}
