//! `#[handlers]` on a module.

use airssys_rt::prelude::*;

#[handlers]
mod counter {}

fn main() {}
