//! `#[handlers]` on a trait.

use airssys_rt::prelude::*;

#[handlers]
trait Counter {}

fn main() {}
