//! Room for nobody.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(start = |n: u8| Worker, max = 0)]
    workers: Children<Worker, u8>,
}

fn main() {}
