//! Bare words and strings mean the same in options.

#![deny(warnings)]

use airssys_rt::prelude::*;

#[actor(mailbox(capacity = unbounded, backpressure = drop_oldest), inline = true)]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {
    #[handler(every = 1_000ms)]
    fn tick(&mut self) {}
}

#[actor(mailbox(capacity = "unbounded", backpressure = "drop_oldest",), inline,)]
#[derive(Default)]
struct Other;

#[handlers]
impl Other {}

#[supervisor(
    strategy = one_for_all,
    max_restarts = 3,
    within = 5s,
    backoff(first = 100ms, max = 0.5m, jitter = 1, reset_after = 1h),
    auto_shutdown = any_significant,
)]
struct Office {
    #[child(restart = transient, shutdown = kill, start_timeout = 1s, name = worker, significant)]
    worker: ActorRef<Worker>,
    #[child(restart = "temporary", shutdown = "wait", significant = "false")]
    other: ActorRef<Other>,
    #[child(shutdown = 2s)]
    third: ActorRef<Other>,
}

fn main() {
    let _ = Office::spec();
}
