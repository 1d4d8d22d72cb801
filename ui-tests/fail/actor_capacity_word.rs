//! A word that is no capacity.

use airssys_rt::prelude::*;

#[actor(mailbox(capacity = "infinite"))]
struct Counter;

fn main() {}
