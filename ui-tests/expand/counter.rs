// Plain handlers, an async one, and an answer of the handler's own.

use airssys_rt::prelude::*;

/// Why nothing was taken.
#[derive(Debug, PartialEq)]
pub struct Overdrawn;

/// Counts, and never below zero.
#[actor(mailbox(capacity = 256, backpressure = "block"))]
#[derive(Debug, Default)]
pub struct Counter {
    value: i64,
}

#[handlers(message(derive(Debug)))]
impl Counter {
    /// Adds `by` and answers the new value.
    #[handler]
    pub fn increment(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }

    #[handler]
    pub async fn value(&self) -> i64 {
        self.value
    }

    #[handler]
    pub fn withdraw(&mut self, amount: i64) -> Result<i64, Overdrawn> {
        if amount > self.value {
            return Err(Overdrawn);
        }
        Ok(self.increment(-amount))
    }
}

pub async fn run(system: &System) -> ActorResult<()> {
    let counter = system.spawn(Counter::default());
    assert_eq!(counter.increment(2).await?, 2);
    assert_eq!(counter.withdraw(3).await?, Err(Overdrawn));
    assert_eq!(counter.value().await?, 2);
    assert_eq!(format!("{:?}", counter.increment(1).into_message()), "Increment { by: 1 }");
    Ok(())
}
