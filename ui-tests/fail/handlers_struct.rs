//! `#[handlers]` on the struct instead of the impl.

use airssys_rt::prelude::*;

#[handlers]
struct Counter;

fn main() {}
