//! A mailbox without room.

use airssys_rt::prelude::*;

#[actor(mailbox(capacity = 0))]
struct Counter;

fn main() {}
