//! A group of options written as a value.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers(message = "Command")]
impl Counter {

}

fn main() {}
