//! Derives that are strings.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers(message(derive("Debug")))]
impl Counter {

}

fn main() {}
