//! A group of options written as a value.

use airssys_rt::prelude::*;

#[actor(mailbox = 256)]
struct Counter;

fn main() {}
