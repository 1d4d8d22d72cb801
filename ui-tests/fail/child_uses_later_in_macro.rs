//! A start that names a child below it inside a macro.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    #[child(start = { println!("{second:?}"); Worker })]
    first: ActorRef<Worker>,

    #[child]
    second: ActorRef<Worker>,
}

fn main() {}
