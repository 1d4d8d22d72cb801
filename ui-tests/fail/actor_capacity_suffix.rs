//! A capacity with a unit.

use airssys_rt::prelude::*;

#[actor(mailbox(capacity = 256kb))]
struct Counter;

fn main() {}
