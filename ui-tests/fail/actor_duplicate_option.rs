//! An option given twice.

use airssys_rt::prelude::*;

#[actor(inline = false, inline = true)]
struct Counter;

fn main() {}
