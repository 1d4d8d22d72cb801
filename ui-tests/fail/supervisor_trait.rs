//! A trait cannot be a supervisor.

use airssys_rt::prelude::*;

#[supervisor]
trait Office {}

fn main() {}
