//! A visibility without its value.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers(vis)]
impl Counter {

}

fn main() {}
