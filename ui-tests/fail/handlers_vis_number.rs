//! A visibility that is a number.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers(vis = 3)]
impl Counter {

}

fn main() {}
