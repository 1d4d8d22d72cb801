//! `#[actor]` on a function.

use airssys_rt::prelude::*;

#[actor]
fn counter() {}

fn main() {}
