//! A function cannot be a supervisor.

use airssys_rt::prelude::*;

#[supervisor]
fn office() {}

fn main() {}
