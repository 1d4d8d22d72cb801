//! The same option twice.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers(vis = "pub", vis = "pub(crate)")]
impl Counter {

}

fn main() {}
