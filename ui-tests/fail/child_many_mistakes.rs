//! Every mistake of a supervisor is reported by one build.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor(strategy = "all", within = 3)]
struct Office {
    #[child(start = Worker::new(second), restart = "sometimes", shutdwn = "5s")]
    first: ActorRef<Worker>,

    #[child(count = 0, max = 3)]
    second: Pool<Worker>,

    #[child]
    third: String,

    #[child(significant, start_timeout = 5)]
    fourth: ActorRef<Worker>,
}

fn main() {}
