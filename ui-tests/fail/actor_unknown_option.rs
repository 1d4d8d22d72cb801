//! A misspelt option of `#[actor]` names the one that was meant.

use airssys_rt::prelude::*;

#[actor(mailbx(capacity = 256))]
struct Counter;

fn main() {}
