//! An option whose value is missing.

use airssys_rt::prelude::*;

#[actor(mailbox(capacity = , backpressure = block))]
struct Counter;

fn main() {}
