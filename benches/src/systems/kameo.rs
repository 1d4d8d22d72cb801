//! kameo: a `Message` impl a message, bounded mailboxes, `tell(…).send()` and `ask(…)`; inside handlers, where nothing
//! can be full, `try_send`. Restarts by its own supervision. Built without its tracing.

use std::sync::Arc;
use std::time::Duration;

use kameo::error::Infallible;
use kameo::prelude::*;
use kameo::supervision::RestartPolicy;
use tokio::sync::oneshot;

use super::{BOUND, Finish, Framework, LIMIT, Neighbours, Shape, skynet_children};

#[derive(Clone)]
pub struct Kameo;

/// An actor whose arguments are its state.
macro_rules! actor {
    ($($actor:ty),*) => {$(
        impl Actor for $actor {
            type Args = Self;
            type Error = Infallible;

            async fn on_start(state: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
                Ok(state)
            }
        }
    )*};
}

actor!(Counter, Hopper, Publisher, Skynet, Supervisor);

fn spawn<A: Actor<Args = A>>(actor: A) -> ActorRef<A> {
    A::spawn_with_mailbox(actor, mailbox::bounded(BOUND))
}

#[derive(Clone, Default)]
pub struct Counter {
    value: u64,
}

struct Add(u64);

impl Message<Add> for Counter {
    type Reply = u64;

    async fn handle(&mut self, Add(by): Add, _: &mut Context<Self, u64>) -> u64 {
        self.value += by;
        self.value
    }
}

struct Boom;

impl Message<Boom> for Counter {
    type Reply = ();

    async fn handle(&mut self, _: Boom, _: &mut Context<Self, ()>) {
        // Not `panic!`: the hook would write to the terminal.
        std::panic::resume_unwind(Box::new("boom"));
    }
}

pub struct Supervisor;

pub struct Hopper {
    neighbours: Option<Neighbours<ActorRef<Hopper>>>,
    finish: Arc<Finish>,
}

struct Meet(usize, Shape, Arc<[ActorRef<Hopper>]>);

impl Message<Meet> for Hopper {
    type Reply = ();

    async fn handle(&mut self, Meet(place, shape, all): Meet, _: &mut Context<Self, ()>) {
        self.neighbours = Some(Neighbours::of(place, shape, &all));
    }
}

struct Hop(u64);

impl Message<Hop> for Hopper {
    type Reply = ();

    async fn handle(&mut self, Hop(left): Hop, _: &mut Context<Self, ()>) {
        if left == 0 {
            self.finish.token();
        } else if let Some(neighbours) = &mut self.neighbours {
            let _ = neighbours.next().tell(Hop(left - 1)).try_send();
        }
    }
}

pub struct Publisher {
    to: Vec<ActorRef<Counter>>,
}

struct Publish;

impl Message<Publish> for Publisher {
    type Reply = ();

    async fn handle(&mut self, _: Publish, _: &mut Context<Self, ()>) {
        for counter in &self.to {
            let _ = counter.tell(Add(1)).try_send();
        }
    }
}

enum Parent {
    Actor(ActorRef<Skynet>),
    Asker(oneshot::Sender<u64>),
}

pub struct Skynet {
    parent: Option<Parent>,
    sum: u64,
    waits_for: u64,
}

impl Skynet {
    fn below(parent: Parent) -> ActorRef<Self> {
        spawn(Self { parent: Some(parent), sum: 0, waits_for: 10 })
    }

    fn tell(&mut self, sum: u64, ctx: &mut Context<Self, ()>) {
        match self.parent.take() {
            Some(Parent::Actor(parent)) => {
                let _ = parent.tell(Sum(sum)).try_send();
            }
            Some(Parent::Asker(answer)) => {
                let _ = answer.send(sum);
            }
            None => {}
        }
        ctx.stop();
    }
}

struct Start(u64, u64);

impl Message<Start> for Skynet {
    type Reply = ();

    async fn handle(&mut self, Start(number, size): Start, ctx: &mut Context<Self, ()>) {
        if size == 1 {
            return self.tell(number, ctx);
        }
        for number in skynet_children(number, size) {
            let child = Self::below(Parent::Actor(ctx.actor_ref().clone()));
            let _ = child.tell(Start(number, size / 10)).try_send();
        }
    }
}

struct Sum(u64);

impl Message<Sum> for Skynet {
    type Reply = ();

    async fn handle(&mut self, Sum(of): Sum, ctx: &mut Context<Self, ()>) {
        self.sum += of;
        self.waits_for -= 1;
        if self.waits_for == 0 {
            self.tell(self.sum, ctx);
        }
    }
}

impl Framework for Kameo {
    type Counter = ActorRef<Counter>;
    type Hopper = ActorRef<Hopper>;
    type Publisher = ActorRef<Publisher>;
    type Guarded = (ActorRef<Supervisor>, ActorRef<Counter>);
    type Child = (ActorRef<Counter>, Option<ActorRef<Supervisor>>);

    fn new() -> Self {
        Self
    }

    async fn counter(&self) -> ActorRef<Counter> {
        spawn(Counter::default())
    }

    #[inline]
    async fn tell(to: &ActorRef<Counter>, by: u64) {
        to.tell(Add(by)).send().await.expect("the counter lives");
    }

    #[inline]
    async fn ask(to: &ActorRef<Counter>, by: u64) -> u64 {
        to.ask(Add(by)).send().await.expect("the counter lives")
    }

    #[inline]
    async fn ask_within(to: &ActorRef<Counter>, by: u64) -> u64 {
        to.ask(Add(by)).reply_timeout(LIMIT).send().await.expect("the counter lives")
    }

    #[inline]
    async fn spawn_and_stop(&self) {
        let counter = spawn(Counter::default());
        counter.stop_gracefully().await.expect("the counter lives");
        counter.wait_for_shutdown().await;
    }

    async fn hoppers(&self, count: usize, shape: Shape, finish: Arc<Finish>) -> Vec<ActorRef<Hopper>> {
        let all: Arc<[_]> =
            (0..count).map(|_| spawn(Hopper { neighbours: None, finish: finish.clone() })).collect();
        for (place, hopper) in all.iter().enumerate() {
            hopper.ask(Meet(place, shape, all.clone())).await.expect("the hopper lives");
        }
        all.to_vec()
    }

    #[inline]
    async fn hop(to: &ActorRef<Hopper>, left: u64) {
        to.tell(Hop(left)).send().await.expect("the hopper lives");
    }

    async fn publisher(&self, to: Vec<ActorRef<Counter>>) -> ActorRef<Publisher> {
        spawn(Publisher { to })
    }

    #[inline]
    async fn publish(by: &ActorRef<Publisher>) {
        by.ask(Publish).await.expect("the publisher lives");
    }

    async fn guarded(&self) -> Option<Self::Guarded> {
        let supervisor = spawn(Supervisor);
        let counter = Counter::supervise(&supervisor, Counter::default())
            .restart_policy(RestartPolicy::Permanent)
            .restart_limit(u32::MAX, Duration::from_secs(1))
            .spawn_with_mailbox(mailbox::bounded(BOUND))
            .await;
        Some((supervisor, counter))
    }

    #[inline]
    async fn crash((_, counter): &mut Self::Guarded) -> u64 {
        counter.tell(Boom).send().await.expect("the counter lives");
        // What is sent before it is restarted fails, so it is sent again until it does not.
        loop {
            match counter.ask(Add(1)).send().await {
                Ok(value) => return value,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    }

    async fn skynet(&self, leaves: u64) -> u64 {
        let (answer, answered) = oneshot::channel();
        let root = Skynet::below(Parent::Asker(answer));
        root.tell(Start(0, leaves)).send().await.expect("the root lives");
        answered.await.expect("the leaves answer")
    }

    async fn children(&self, count: usize) -> Option<Vec<Self::Child>> {
        let supervisor = spawn(Supervisor);
        let mut children = Vec::with_capacity(count);
        for number in 0..count {
            let child = Counter::supervise(&supervisor, Counter::default())
                .restart_policy(RestartPolicy::Permanent)
                .spawn_with_mailbox(mailbox::bounded(BOUND))
                .await;
            child.register(format!("name-{number}")).expect("the name is free");
            children.push((child, None));
        }
        children.last_mut()?.1 = Some(supervisor);
        Some(children)
    }
}
