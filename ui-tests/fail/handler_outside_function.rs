//! `#[handler]` on a function that is no method.

use airssys_rt::prelude::*;

#[handler]
fn add(by: i64) {}

fn main() {}
