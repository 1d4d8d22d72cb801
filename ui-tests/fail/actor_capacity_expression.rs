//! A capacity that only the program knows.

use airssys_rt::prelude::*;

#[actor(mailbox(capacity = 2 * SIZE))]
struct Counter;

fn main() {}
