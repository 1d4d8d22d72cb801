//! A name that is a word of the language.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers(message(name = "struct"))]
impl Counter {

}

fn main() {}
