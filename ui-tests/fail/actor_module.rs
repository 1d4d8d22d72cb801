//! `#[actor]` on a module.

use airssys_rt::prelude::*;

#[actor]
mod counter {}

fn main() {}
