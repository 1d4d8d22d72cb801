//! `#[actor]` on a trait.

use airssys_rt::prelude::*;

#[actor]
trait Counter {}

fn main() {}
