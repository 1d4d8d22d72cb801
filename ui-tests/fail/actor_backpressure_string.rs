//! A strategy with a dash, as a string.

use airssys_rt::prelude::*;

#[actor(mailbox(backpressure = "drop-oldest"))]
struct Counter;

fn main() {}
