//! A group of options without any.

use airssys_rt::prelude::*;

#[actor(mailbox)]
struct Counter;

fn main() {}
