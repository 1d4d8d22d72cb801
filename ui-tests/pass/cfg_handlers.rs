//! Handlers under conditions: those that are not there are in no enum, no match and no trait.

#![deny(warnings)]

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    #[cfg(any())]
    fn never(&mut self, missing: NoSuchType) -> NoSuchType {
        missing
    }

    #[handler]
    #[cfg(all())]
    fn always(&mut self) -> i64 {
        self.value
    }

    #[cfg(any())]
    #[handler]
    async fn never_async(&mut self) -> NoSuchType {}

    #[cfg(all())]
    #[cfg(not(any()))]
    #[handler]
    async fn always_async(&mut self) {}

    #[cfg(any())]
    #[handler]
    fn one_of_two(&mut self) -> NoSuchType {}

    #[cfg(not(any()))]
    #[handler]
    fn one_of_two(&mut self) -> i64 {
        self.value
    }

    #[cfg(any())]
    #[handler(start)]
    fn begin(&mut self, ctx: &mut Context<NoSuchType>) {}

    #[cfg(not(any()))]
    #[handler(start)]
    fn begin_here(&mut self) {}

    #[cfg(any())]
    #[handler(stop)]
    fn end(&mut self) {}

    #[cfg(any())]
    #[handler(event)]
    fn event(&mut self, event: NoSuchType) {}

    #[cfg(any())]
    #[handler(every = "1s")]
    fn tick(&mut self) {}

    #[cfg(any())]
    #[handler(message)]
    fn shared(&mut self, message: NoSuchType) {}
}

#[actor]
struct Gone;

#[handlers]
impl Gone {
    #[cfg(any())]
    #[handler]
    fn plain(&mut self) {}

    #[cfg(any())]
    #[handler]
    async fn later(&mut self) {}
}

/// The whole impl is under a condition that the macro sees.
#[actor]
#[cfg(any())]
struct Absent(NoSuchType);

#[handlers]
#[cfg(any())]
impl Absent {
    #[handler]
    fn plain(&mut self) {}
}

fn requests(counter: &ActorRef<Counter>) {
    let _ = counter.always();
    let _ = counter.always_async();
    let _ = counter.one_of_two();
}

fn main() {
    const { assert!(<Counter as Actor>::STARTS && !<Counter as Actor>::STOPS) };
    let message = CounterMessage::Always;
    assert!(<Counter as Actor>::is_plain(&message));
    assert!(!<Counter as Actor>::is_plain(&CounterMessage::AlwaysAsync));
    let _ = (requests, Counter { value: 0 }, Gone);
}
