//! xtra: a `Handler` impl a message, bounded mailboxes, `send(…).detach()` to tell and `send(…)` to ask. It has no time
//! limits (Tokio's is used where one is asked for), no supervisors and no names. Built without its instrumentation.

use std::sync::Arc;

use tokio::sync::oneshot;
use xtra::prelude::*;

use super::{BOUND, Finish, Framework, LIMIT, Neighbours, Shape, skynet_children};

#[derive(Clone)]
pub struct Xtra;

macro_rules! actor {
    ($($actor:ty),*) => {$(
        impl Actor for $actor {
            type Stop = ();

            async fn stopped(self) {}
        }
    )*};
}

actor!(Counter, Hopper, Publisher, Skynet);

fn spawn<A: Actor<Stop = ()>>(actor: A) -> Address<A> {
    xtra::spawn_tokio(actor, Mailbox::bounded(BOUND))
}

#[derive(Default)]
pub struct Counter {
    value: u64,
}

struct Add(u64);

impl Handler<Add> for Counter {
    type Return = u64;

    async fn handle(&mut self, Add(by): Add, _: &mut Context<Self>) -> u64 {
        self.value += by;
        self.value
    }
}

pub struct Hopper {
    neighbours: Option<Neighbours<Address<Hopper>>>,
    finish: Arc<Finish>,
}

struct Meet(usize, Shape, Arc<[Address<Hopper>]>);

impl Handler<Meet> for Hopper {
    type Return = ();

    async fn handle(&mut self, Meet(place, shape, all): Meet, _: &mut Context<Self>) {
        self.neighbours = Some(Neighbours::of(place, shape, &all));
    }
}

struct Hop(u64);

impl Handler<Hop> for Hopper {
    type Return = ();

    async fn handle(&mut self, Hop(left): Hop, _: &mut Context<Self>) {
        if left == 0 {
            self.finish.token();
        } else if let Some(neighbours) = &mut self.neighbours {
            let _ = neighbours.next().send(Hop(left - 1)).detach().await;
        }
    }
}

pub struct Publisher {
    to: Vec<Address<Counter>>,
}

struct Publish;

impl Handler<Publish> for Publisher {
    type Return = ();

    async fn handle(&mut self, _: Publish, _: &mut Context<Self>) {
        for counter in &self.to {
            let _ = counter.send(Add(1)).detach().await;
        }
    }
}

enum Parent {
    Actor(Address<Skynet>),
    Asker(oneshot::Sender<u64>),
}

pub struct Skynet {
    parent: Option<Parent>,
    sum: u64,
    waits_for: u64,
}

impl Skynet {
    fn below(parent: Parent) -> Address<Self> {
        spawn(Self { parent: Some(parent), sum: 0, waits_for: 10 })
    }

    async fn tell(&mut self, sum: u64, ctx: &mut Context<Self>) {
        match self.parent.take() {
            Some(Parent::Actor(parent)) => {
                let _ = parent.send(Sum(sum)).detach().await;
            }
            Some(Parent::Asker(answer)) => {
                let _ = answer.send(sum);
            }
            None => {}
        }
        ctx.stop_self();
    }
}

/// With its own address, which keeps it alive until it has children.
struct Start(u64, u64, Address<Skynet>);

impl Handler<Start> for Skynet {
    type Return = ();

    async fn handle(&mut self, Start(number, size, this): Start, ctx: &mut Context<Self>) {
        if size == 1 {
            return self.tell(number, ctx).await;
        }
        for number in skynet_children(number, size) {
            let child = Self::below(Parent::Actor(this.clone()));
            let _ = child.send(Start(number, size / 10, child.clone())).detach().await;
        }
    }
}

struct Sum(u64);

impl Handler<Sum> for Skynet {
    type Return = ();

    async fn handle(&mut self, Sum(of): Sum, ctx: &mut Context<Self>) {
        self.sum += of;
        self.waits_for -= 1;
        if self.waits_for == 0 {
            self.tell(self.sum, ctx).await;
        }
    }
}

impl Framework for Xtra {
    type Counter = Address<Counter>;
    type Hopper = Address<Hopper>;
    type Publisher = Address<Publisher>;
    type Guarded = ();
    type Child = ();

    fn new() -> Self {
        Self
    }

    async fn counter(&self) -> Address<Counter> {
        spawn(Counter::default())
    }

    #[inline]
    async fn tell(to: &Address<Counter>, by: u64) {
        drop(to.send(Add(by)).detach().await.expect("the counter lives"));
    }

    #[inline]
    async fn ask(to: &Address<Counter>, by: u64) -> u64 {
        to.send(Add(by)).await.expect("the counter lives")
    }

    #[inline]
    async fn ask_within(to: &Address<Counter>, by: u64) -> u64 {
        tokio::time::timeout(LIMIT, to.send(Add(by))).await.expect("in time").expect("the counter lives")
    }

    #[inline]
    async fn spawn_and_stop(&self) {
        let counter = spawn(Counter::default());
        let ended = counter.join();
        drop(counter);
        ended.await;
    }

    async fn hoppers(&self, count: usize, shape: Shape, finish: Arc<Finish>) -> Vec<Address<Hopper>> {
        let all: Arc<[_]> =
            (0..count).map(|_| spawn(Hopper { neighbours: None, finish: finish.clone() })).collect();
        for (place, hopper) in all.iter().enumerate() {
            hopper.send(Meet(place, shape, all.clone())).await.expect("the hopper lives");
        }
        all.to_vec()
    }

    #[inline]
    async fn hop(to: &Address<Hopper>, left: u64) {
        drop(to.send(Hop(left)).detach().await.expect("the hopper lives"));
    }

    async fn publisher(&self, to: Vec<Address<Counter>>) -> Address<Publisher> {
        spawn(Publisher { to })
    }

    #[inline]
    async fn publish(by: &Address<Publisher>) {
        by.send(Publish).await.expect("the publisher lives");
    }

    async fn guarded(&self) -> Option<()> {
        None
    }

    async fn crash((): &mut ()) -> u64 {
        unreachable!("nothing is guarded")
    }

    async fn skynet(&self, leaves: u64) -> u64 {
        let (answer, answered) = oneshot::channel();
        let root = Skynet::below(Parent::Asker(answer));
        drop(root.send(Start(0, leaves, root.clone())).detach().await.expect("the root lives"));
        answered.await.expect("the leaves answer")
    }

    async fn children(&self, _count: usize) -> Option<Vec<()>> {
        None
    }
}
