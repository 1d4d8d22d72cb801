//! A crate that is no path.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers(crate = "some path")]
impl Counter {

}

fn main() {}
