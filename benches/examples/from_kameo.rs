//! The program of the book's "Coming from" chapters, in kameo.

// ANCHOR: program
use std::time::Duration;

use kameo::error::Infallible;
use kameo::prelude::*;
use kameo::supervision::RestartPolicy;

#[derive(Clone, Default)]
struct Counter {
    value: u64,
}

impl Actor for Counter {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(state: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(state)
    }
}

struct Add(u64);

impl Message<Add> for Counter {
    type Reply = u64;

    async fn handle(&mut self, Add(by): Add, _: &mut Context<Self, u64>) -> u64 {
        self.value += by;
        self.value
    }
}

struct Share(u64);

impl Message<Share> for Counter {
    type Reply = u64;

    async fn handle(&mut self, Share(among): Share, _: &mut Context<Self, u64>) -> u64 {
        self.value / among
    }
}

/// An actor of no other use: it supervises what is linked to it.
struct App;

impl Actor for App {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(state: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(state)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = App::spawn(App);
    let counter = Counter::supervise(&app, Counter::default())
        .restart_policy(RestartPolicy::Permanent)
        .restart_limit(3, Duration::from_secs(5))
        .spawn_with_mailbox(mailbox::bounded(1_024))
        .await;

    counter.tell(Add(2)).send().await?; // tell
    assert_eq!(counter.ask(Add(40)).send().await?, 42); // ask
    assert!(counter.ask(Share(0)).send().await.is_err()); // the crash
    // What is sent before it runs again may fail, so it is sent until it does not.
    let fresh = loop {
        if let Ok(value) = counter.ask(Add(1)).send().await {
            break value;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(fresh, 1);
    Ok(())
}
// ANCHOR_END: program
