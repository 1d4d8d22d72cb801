//! A protocol on a function.

use airssys_rt::prelude::*;

#[protocol]
fn ledger() {}

fn main() {}
