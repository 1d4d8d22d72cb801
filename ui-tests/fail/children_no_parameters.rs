//! Fewer parameters than the field's type says.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(start = || Worker)]
    workers: Children<Worker, u64>,
}

fn main() {}
