//! A union cannot be a supervisor.

use airssys_rt::prelude::*;

#[supervisor]
union Office {
    number: u8,
}

fn main() {}
