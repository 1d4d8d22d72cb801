//! The runtime behind another path.

#![deny(warnings)]

mod framework {
    pub use airssys_rt as actors;
}

use framework::actors;
use framework::actors::{ActorRef, actor, handlers, supervisor};

#[actor(crate = framework::actors)]
#[derive(Default)]
struct Counter;

#[handlers(crate = "crate::framework::actors")]
impl Counter {
    #[handler]
    fn add(&mut self, by: u8) -> u8 {
        by
    }

    #[handler(every = "1s")]
    async fn tick(&mut self, ctx: &mut actors::Context<Self>) {
        let _ = ctx;
    }
}

#[supervisor(crate = actors, max_restarts = 3)]
struct Office {
    #[child(restart = "transient", shutdown = "kill")]
    counter: ActorRef<Counter>,
}

fn main() {
    let _: fn(&Office) = |office| {
        let _ = office.counter.add(1);
    };
    let _ = Office::spec();
}
