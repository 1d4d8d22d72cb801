//! A misspelt option inside a group.

use airssys_rt::prelude::*;

#[actor(mailbox(capcity = 256))]
struct Counter;

fn main() {}
