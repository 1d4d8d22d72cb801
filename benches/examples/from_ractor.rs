//! The program of the book's "Coming from" chapters, in ractor.

// ANCHOR: program
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent, call, cast};

enum CounterMessage {
    Add(u64, Option<RpcReplyPort<u64>>),
    Share(u64, RpcReplyPort<u64>),
}

struct Counter;

impl Actor for Counter {
    type Msg = CounterMessage;
    type State = u64;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<CounterMessage>, (): ()) -> Result<u64, ActorProcessingErr> {
        Ok(0)
    }

    async fn handle(
        &self,
        _: ActorRef<CounterMessage>,
        message: CounterMessage,
        value: &mut u64,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            CounterMessage::Add(by, reply) => {
                *value += by;
                if let Some(reply) = reply {
                    reply.send(*value)?;
                }
            }
            CounterMessage::Share(among, reply) => reply.send(*value / among)?,
        }
        Ok(())
    }
}

/// Spawns a counter, and another one for each that fails. Nobody counts how many.
struct App;

enum AppMessage {
    Counter(RpcReplyPort<ActorRef<CounterMessage>>),
}

impl Actor for App {
    type Msg = AppMessage;
    type State = ActorRef<CounterMessage>;
    type Arguments = ();

    async fn pre_start(&self, this: ActorRef<AppMessage>, (): ()) -> Result<Self::State, ActorProcessingErr> {
        Ok(Actor::spawn_linked(None, Counter, (), this.into()).await?.0)
    }

    async fn handle(
        &self,
        _: ActorRef<AppMessage>,
        AppMessage::Counter(reply): AppMessage,
        counter: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        reply.send(counter.clone())?;
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        this: ActorRef<AppMessage>,
        event: SupervisionEvent,
        counter: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(..) = event {
            *counter = Actor::spawn_linked(None, Counter, (), this.into()).await?.0;
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (app, running) = Actor::spawn(None, App, ()).await?;
    let counter = call!(app, AppMessage::Counter)?;

    cast!(counter, CounterMessage::Add(2, None))?; // tell
    let asked = counter.call(|reply| CounterMessage::Add(40, Some(reply)), None).await?;
    assert_eq!(asked.unwrap(), 42); // ask
    assert!(call!(counter, CounterMessage::Share, 0).is_err()); // the crash
    // The old reference is dead; the new one has to be asked for, until there is one.
    let counter = loop {
        let next = call!(app, AppMessage::Counter)?;
        if next.get_id() != counter.get_id() {
            break next;
        }
        tokio::task::yield_now().await;
    };
    let asked = counter.call(|reply| CounterMessage::Add(1, Some(reply)), None).await?;
    assert_eq!(asked.unwrap(), 1);

    app.stop(None);
    running.await?;
    Ok(())
}
// ANCHOR_END: program
