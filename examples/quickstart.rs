//! A counter crashes and is restarted. Look at the tree before and after.
//!
//! ```sh
//! cargo run --example quickstart
//! ```

use airssys_rt::prelude::*;

/// Counts. `#[actor]` says how it is run; here nothing but the defaults.
#[actor]
#[derive(Default)]
pub struct Counter {
    value: i64,
}

/// Each `#[handler]` becomes a message, and a method of the same name on every address of a counter.
#[handlers]
impl Counter {
    /// Adds `by` and answers the new value.
    #[handler]
    pub fn increment(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }

    /// The average over `days`. It has a bug: nobody thought of zero days.
    #[handler]
    pub fn average(&self, days: i64) -> i64 {
        self.value / days
    }
}

/// Looks after one counter: whenever it crashes, a new one is made, by `Counter::default()` since no other
/// `start` is given.
#[supervisor]
pub struct Quickstart {
    #[child]
    pub counter: ActorRef<Counter>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The crash below is on purpose; Rust's report of it is not worth reading.
    examples::expect_panics("divide by zero");

    let system = System::new("quickstart");
    // A supervisor's handle is the struct itself: `app.counter` is a live reference.
    let app: Supervised<Quickstart> = system.start(Quickstart::spec()).await?;

    // An ask: sends the message and waits for the answer.
    assert_eq!(app.counter.increment(40).await?, 40);
    // A tell: waits for room in the mailbox only. Order is kept, so the ask after it sees its effect.
    app.counter.increment(2).tell().await?;
    assert_eq!(app.counter.average(7).await?, 6);

    println!("Before the crash, with 42 on the counter:\n{}", system.tree());
    assert_eq!(app.counter.process().incarnation(), 1);

    // The one who asked is told at once. Nobody else notices: no lock is poisoned, no task is lost.
    let answer = app.counter.average(0).await;
    println!("The counter was asked for the average of no days: {}\n", answer.clone().unwrap_err());
    assert!(matches!(answer, Err(AskError::Crashed { .. })));

    // The same reference reaches the new incarnation. Its state is fresh: whatever the crash left half
    // done is gone with the old one.
    assert_eq!(app.counter.increment(1).await?, 1);
    println!("After it, with 1 on a fresh counter under the same reference:\n{}", system.tree());
    assert_eq!(app.counter.process().incarnation(), 2);
    assert_eq!(app.counter.process().restarts(), 1);

    // Ends everything in reverse order of starting, and says so if anybody would not.
    assert!(system.shutdown().await.is_clean());
    assert!(matches!(app.counter.increment(1).await, Err(AskError::Stopped)));
    Ok(())
}
