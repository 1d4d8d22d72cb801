//! A user's crate whose `Cargo.toml` gives the runtime another name, in the edition before: `crate = actors` is enough.

#![deny(warnings)]

use actors::prelude::*;

/// Counts.
#[actor(crate = actors, mailbox(capacity = 8))]
#[derive(Default)]
pub struct Counter {
    value: i64,
}

#[handlers(crate = actors, message(derive(Debug)))]
impl Counter {
    #[handler]
    pub fn add(&mut self, by: impl Into<i64>) -> i64 {
        self.value += by.into();
        self.value
    }

    #[handler]
    pub async fn value(&self) -> ActorResult<i64> {
        Ok(self.value)
    }

    #[handler]
    pub fn later(&mut self, reply: ReplyTo<i64>) {
        reply.send(self.value);
    }

    #[handler(start)]
    fn begin(&mut self) -> Result<(), std::fmt::Error> {
        self.value = 1;
        Ok(())
    }

    #[handler(event)]
    async fn told(&mut self, event: u8) {
        self.value += i64::from(event);
    }

    #[handler(every = "1h")]
    fn tick(&mut self) {}
}

/// Counters.
#[supervisor(crate = "actors", strategy = one_for_all)]
pub struct Counters {
    first: i64,
    #[child(start = Counter { value: first })]
    pub one: ActorRef<Counter>,
    #[child(count = 2)]
    pub others: Pool<Counter>,
    #[child(start = |value: i64| Counter { value: value + first })]
    pub more: Children<Counter, i64>,
}

#[cfg(test)]
mod tests {
    use super::{CounterApi, Counters};
    use actors::prelude::*;

    #[tokio::test]
    async fn the_renamed_runtime_runs() -> ActorResult<()> {
        let system = System::new("renamed");
        let counters = system.start(Counters::spec(1)).await?;
        assert_eq!(counters.one.add(2).await?, 3);
        assert_eq!(counters.one.later().await?, 3);
        assert_eq!(counters.others.value().await?, 1);
        assert_eq!(format!("{:?}", counters.one.add(2).into_message()), "Add { by: 2 }");
        Ok(())
    }
}
