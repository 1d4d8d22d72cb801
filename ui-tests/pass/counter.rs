//! The first example of the documentation: what it generates can be named and used.

use airssys_rt::prelude::*;

/// Counts, and never below zero.
#[actor(mailbox(capacity = 256, backpressure = "block"))]
#[derive(Debug, Default)]
pub struct Counter {
    value: i64,
}

/// There is not enough.
#[derive(Debug)]
pub struct Overdrawn;

#[handlers]
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
        self.value -= amount;
        Ok(self.value)
    }

    /// Functions without `#[handler]` stay ordinary methods.
    fn audit(&self) -> bool {
        self.value >= 0
    }
}

fn name(message: CounterMessage) -> &'static str {
    match message {
        CounterMessage::Increment { by: _ } => "increment",
        CounterMessage::Value => "value",
        CounterMessage::Withdraw { .. } => "withdraw",
    }
}

fn requests(counter: &ActorRef<Counter>) {
    let _ = counter.increment(2);
    let _ = counter.value();
    let _ = counter.withdraw(3);
}

fn any_address<D: Address<CounterMessage>>(address: &D) {
    let _ = address.increment(2);
    let _ = CounterApi::value(address);
}

fn main() {
    assert!(Counter::default().audit());
    assert_eq!(name(CounterMessage::Withdraw { amount: 3 }), "withdraw");
    let _ = (requests, any_address::<ActorRef<Counter>>);
}
