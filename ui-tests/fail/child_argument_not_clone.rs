//! A start that needs a plain field which cannot be cloned.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

struct Secret;

impl Worker {
    fn hiding(_: &Secret) -> Self {
        Self
    }
}

#[supervisor]
struct Office {
    secret: Secret,
    #[child(start = Worker::hiding(&secret))]
    worker: ActorRef<Worker>,
}

fn main() {}
