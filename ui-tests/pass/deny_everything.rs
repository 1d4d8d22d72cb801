//! Nothing that is generated warns, not even where everything is an error.

#![deny(warnings, missing_docs, unused, rust_2018_idioms, unreachable_pub, unused_qualifications)]
#![deny(missing_debug_implementations, single_use_lifetimes, let_underscore_drop, unused_results, unnameable_types)]

use airssys_rt::prelude::*;

/// Counts.
#[actor]
#[derive(Debug, Default)]
pub(crate) struct Counter {
    value: i64,
}

#[handlers(message(derive(Debug)))]
impl Counter {
    #[handler]
    pub(crate) fn increment(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }

    #[handler]
    async fn fallible(&mut self, _unused: u8) -> ActorResult<()> {
        let by: i64 = "1".parse()?;
        self.value += by;
        Ok(())
    }

    #[handler]
    fn fallible_value(&mut self) -> ActorResult<i64> {
        Ok("1".parse()?)
    }

    #[handler]
    async fn own(&self, text: String) -> Result<i64, std::num::ParseIntError> {
        text.parse()
    }

    #[handler]
    fn deferred(&mut self, reply: ReplyTo<i64>, _ctx: &mut Context<Self>) {
        reply.send(self.value);
    }

    #[handler(start)]
    fn begin(&mut self) {}

    #[handler(stop)]
    async fn end(&mut self) {}

    #[handler(error)]
    fn failed(&mut self, _error: &ActorError) -> ErrorAction {
        ErrorAction::Resume
    }

    #[handler(down)]
    fn gone(&mut self, _down: Down) {}

    #[handler(exit)]
    async fn linked(&mut self, _exit: Exit) {}

    #[handler(event)]
    fn published(&mut self, _event: u8) {}

    #[handler(every = "1s")]
    fn tick(&mut self) {}

    #[handler(after = "1s")]
    async fn tock(&mut self) {}

    #[handler(message)]
    fn shared(&mut self, _message: u16) -> u16 {
        1
    }
}

/// An office.
#[supervisor]
#[derive(Debug)]
pub(crate) struct Office {
    seed: i64,
    #[child(start = Counter { value: seed })]
    counter: ActorRef<Counter>,
    #[child(start = { println!("{seed} {counter}", counter = 3); Counter::default() }, count = 2)]
    counters: Pool<Counter>,
    #[child(start = |value: i64| Counter { value: value + seed })]
    more: Children<Counter, i64>,
}

fn requests(counter: &ActorRef<Counter>) {
    drop(counter.increment(1));
    drop(counter.own(String::new()));
}

fn main() {
    drop(Office::spec(1));
    let _ = requests;
}
