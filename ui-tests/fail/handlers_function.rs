//! `#[handlers]` on a function.

use airssys_rt::prelude::*;

#[handlers]
fn counter() {}

fn main() {}
