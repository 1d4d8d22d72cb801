//! `#[child]` on an item.

use airssys_rt::prelude::*;

#[child]
struct Office;

fn main() {}
