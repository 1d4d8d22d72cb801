//! `#[supervisor]` on an impl.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

struct Office;

#[supervisor]
impl Office {}

fn main() {}
