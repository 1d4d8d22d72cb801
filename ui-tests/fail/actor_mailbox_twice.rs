//! The same option twice inside a group.

use airssys_rt::prelude::*;

#[actor(mailbox(capacity = 1, capacity = 2))]
struct Counter;

fn main() {}
