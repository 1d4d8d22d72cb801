//! A string where the name of an option belongs.

use airssys_rt::prelude::*;

#[actor("mailbox")]
struct Counter;

fn main() {}
