//! An actor that may block is not run on its asker.

use airssys_rt::prelude::*;

#[actor(mailbox(capacity = 8), inline = true, blocking)]
struct Counter;

fn main() {}
