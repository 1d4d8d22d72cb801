//! Every mistake in the options is reported by one build.

use airssys_rt::prelude::*;

#[actor(mailbox(capacity = 0, backpresure = "drop"), inline = maybe, blocking(true), colour)]
struct Counter;

fn main() {}
