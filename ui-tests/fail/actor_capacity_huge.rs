//! A capacity beyond all bounds.

use airssys_rt::prelude::*;

#[actor(mailbox(capacity = 5_000_000_000))]
struct Counter;

fn main() {}
