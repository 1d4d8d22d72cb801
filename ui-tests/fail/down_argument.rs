//! A `down` handler that takes a process id.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(down)]
    fn gone(&mut self, pid: ProcessId) {
        let _ = pid;
    }
}

fn main() {}
