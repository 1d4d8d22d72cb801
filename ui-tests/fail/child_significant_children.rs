//! Children of run time are never significant.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(auto_shutdown = "all_significant")]
struct Office {
    #[child(restart = "temporary", significant = true)]
    workers: Children<Worker, ()>,
}

fn main() {}
