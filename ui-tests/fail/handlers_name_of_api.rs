//! A name that the trait of the requests has.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers(message(name = "CounterApi"))]
impl Counter {

}

fn main() {}
