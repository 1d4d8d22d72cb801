//! actix on one arbiter, which is one thread: actors and the tasks that use them share it, so that nothing crosses
//! threads. That is its fastest way, and why it is in a column of its own. A `Handler` impl a message, plain where the
//! handler does not wait, `AtomicResponse` where it could; `do_send` between
//! actors, `try_send` where the mailbox's bound matters, `send` to ask.

use std::future::Future;
use std::sync::Arc;

use actix::prelude::*;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{BOUND, Finish, Framework, LIMIT, Neighbours, Shape, Threads, skynet_children};

#[derive(Clone)]
pub struct Actix;

macro_rules! actor {
    ($($actor:ty),*) => {$(
        impl Actor for $actor {
            type Context = Context<Self>;

            fn started(&mut self, ctx: &mut Context<Self>) {
                ctx.set_mailbox_capacity(BOUND);
            }
        }
    )*};
}

macro_rules! message {
    ($($message:ty => $result:ty),*) => {$(
        impl Message for $message {
            type Result = $result;
        }
    )*};
}

actor!(Counter, Mortal, Hopper, Publisher, Skynet);
message!(Add => u64, AddAsync => u64, Meet => (), Hop => (), Publish => (), Start => (), Sum => ());

#[derive(Default)]
pub struct Counter {
    value: u64,
}

struct Add(u64);

impl Handler<Add> for Counter {
    type Result = u64;

    fn handle(&mut self, Add(by): Add, _: &mut Context<Self>) -> u64 {
        self.value += by;
        self.value
    }
}

struct AddAsync(u64);

impl Handler<AddAsync> for Counter {
    type Result = AtomicResponse<Self, u64>;

    fn handle(&mut self, AddAsync(by): AddAsync, _: &mut Context<Self>) -> Self::Result {
        AtomicResponse::new(Box::pin(async {}.into_actor(self).map(move |(), this, _| {
            this.value += by;
            this.value
        })))
    }
}

/// Its end is seen by the one who holds the other half.
struct Mortal {
    _ended: oneshot::Sender<()>,
}

pub struct Hopper {
    neighbours: Option<Neighbours<Addr<Hopper>>>,
    finish: Arc<Finish>,
}

struct Meet(usize, Shape, Arc<[Addr<Hopper>]>);

impl Handler<Meet> for Hopper {
    type Result = ();

    fn handle(&mut self, Meet(place, shape, all): Meet, _: &mut Context<Self>) {
        self.neighbours = Some(Neighbours::of(place, shape, &all));
    }
}

struct Hop(u64);

impl Handler<Hop> for Hopper {
    type Result = ();

    fn handle(&mut self, Hop(left): Hop, _: &mut Context<Self>) {
        if left == 0 {
            self.finish.token();
        } else if let Some(neighbours) = &mut self.neighbours {
            neighbours.next().do_send(Hop(left - 1));
        }
    }
}

pub struct Publisher {
    to: Vec<Addr<Counter>>,
}

struct Publish;

impl Handler<Publish> for Publisher {
    type Result = ();

    fn handle(&mut self, _: Publish, _: &mut Context<Self>) {
        for counter in &self.to {
            counter.do_send(Add(1));
        }
    }
}

enum Parent {
    Actor(Addr<Skynet>),
    Asker(oneshot::Sender<u64>),
}

pub struct Skynet {
    parent: Option<Parent>,
    sum: u64,
    waits_for: u64,
}

impl Skynet {
    fn below(parent: Parent) -> Addr<Self> {
        Self { parent: Some(parent), sum: 0, waits_for: 10 }.start()
    }

    fn tell(&mut self, sum: u64, ctx: &mut Context<Self>) {
        match self.parent.take() {
            Some(Parent::Actor(parent)) => parent.do_send(Sum(sum)),
            Some(Parent::Asker(answer)) => {
                let _ = answer.send(sum);
            }
            None => {}
        }
        ctx.stop();
    }
}

struct Start(u64, u64);

impl Handler<Start> for Skynet {
    type Result = ();

    fn handle(&mut self, Start(number, size): Start, ctx: &mut Context<Self>) {
        if size == 1 {
            return self.tell(number, ctx);
        }
        for number in skynet_children(number, size) {
            Self::below(Parent::Actor(ctx.address())).do_send(Start(number, size / 10));
        }
    }
}

struct Sum(u64);

impl Handler<Sum> for Skynet {
    type Result = ();

    fn handle(&mut self, Sum(of): Sum, ctx: &mut Context<Self>) {
        self.sum += of;
        self.waits_for -= 1;
        if self.waits_for == 0 {
            self.tell(self.sum, ctx);
        }
    }
}

impl Framework for Actix {
    type Counter = Addr<Counter>;
    type Hopper = Addr<Hopper>;
    type Publisher = Addr<Publisher>;
    type Guarded = ();
    type Child = ();

    fn new() -> Self {
        Self
    }

    /// One thread, whatever is asked for.
    fn run<T: Send + 'static>(_: Threads, work: impl Future<Output = T> + Send + 'static) -> T {
        let system = System::new();
        let outcome = system.block_on(async { actix::spawn(work).await.expect("the work does not fail") });
        std::mem::forget(system);
        outcome
    }

    fn task<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        actix::spawn(work)
    }

    async fn counter(&self) -> Addr<Counter> {
        Counter::default().start()
    }

    /// Nothing of actix waits for room without waiting for the answer: the actor is let in when it is full.
    #[inline]
    async fn tell(to: &Addr<Counter>, by: u64) {
        while to.try_send(Add(by)).is_err() {
            tokio::task::yield_now().await;
        }
    }

    #[inline]
    async fn ask(to: &Addr<Counter>, by: u64) -> u64 {
        to.send(Add(by)).await.expect("the counter lives")
    }

    #[inline]
    async fn ask_async(to: &Addr<Counter>, by: u64) -> u64 {
        to.send(AddAsync(by)).await.expect("the counter lives")
    }

    #[inline]
    async fn ask_within(to: &Addr<Counter>, by: u64) -> u64 {
        to.send(Add(by)).timeout(LIMIT).await.expect("the counter lives")
    }

    #[inline]
    async fn spawn_and_stop(&self) {
        let (ended, end) = oneshot::channel();
        drop(Mortal { _ended: ended }.start());
        let _ = end.await;
    }

    async fn hoppers(&self, count: usize, shape: Shape, finish: Arc<Finish>) -> Vec<Addr<Hopper>> {
        let all: Arc<[_]> =
            (0..count).map(|_| Hopper { neighbours: None, finish: finish.clone() }.start()).collect();
        for (place, hopper) in all.iter().enumerate() {
            hopper.send(Meet(place, shape, all.clone())).await.expect("the hopper lives");
        }
        all.to_vec()
    }

    #[inline]
    async fn hop(to: &Addr<Hopper>, left: u64) {
        to.do_send(Hop(left));
    }

    async fn publisher(&self, to: Vec<Addr<Counter>>) -> Addr<Publisher> {
        Publisher { to }.start()
    }

    #[inline]
    async fn publish(by: &Addr<Publisher>) {
        by.send(Publish).await.expect("the publisher lives");
    }

    /// A panic ends the arbiter's work, not the actor's.
    async fn guarded(&self) -> Option<()> {
        None
    }

    async fn crash((): &mut ()) -> u64 {
        unreachable!("nothing is guarded")
    }

    async fn skynet(&self, leaves: u64) -> u64 {
        let (answer, answered) = oneshot::channel();
        Skynet::below(Parent::Asker(answer)).do_send(Start(0, leaves));
        answered.await.expect("the leaves answer")
    }

    async fn children(&self, _count: usize) -> Option<Vec<()>> {
        None
    }
}
