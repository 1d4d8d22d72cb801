//! A capacity below nothing.

use airssys_rt::prelude::*;

#[actor(mailbox(capacity = -1))]
struct Counter;

fn main() {}
