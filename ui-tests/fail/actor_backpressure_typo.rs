//! A misspelt strategy, as a word.

use airssys_rt::prelude::*;

#[actor(mailbox(capacity = 256, backpressure = blok))]
struct Counter;

fn main() {}
