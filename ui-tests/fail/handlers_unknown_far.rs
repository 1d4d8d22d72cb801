//! An option like no other.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers(colour = "red")]
impl Counter {

}

fn main() {}
