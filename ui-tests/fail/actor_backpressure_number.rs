//! A strategy that is a number.

use airssys_rt::prelude::*;

#[actor(mailbox(backpressure = 3))]
struct Counter;

fn main() {}
