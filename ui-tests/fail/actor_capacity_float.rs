//! A capacity that is no whole number.

use airssys_rt::prelude::*;

#[actor(mailbox(capacity = 2.5))]
struct Counter;

fn main() {}
