//! Two options without a comma between them.

use airssys_rt::prelude::*;

#[actor(inline = false mailbox(capacity = 1))]
struct Counter;

fn main() {}
