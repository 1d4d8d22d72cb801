//! A size below nothing.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(count = -1)]
    workers: Pool<Worker>,
}

fn main() {}
