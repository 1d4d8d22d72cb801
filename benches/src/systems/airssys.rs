//! airssys-rt as a macro user writes it: default mailboxes (1,024, `block`), default time limit (5 s).

use std::sync::Arc;

use airssys_rt::prelude::*;

use super::{Finish, Framework, LIMIT, Neighbours, Shape, skynet_children};

#[derive(Clone)]
pub struct Airssys(pub System);

#[actor]
#[derive(Debug, Default)]
pub struct Counter {
    value: u64,
}

#[handlers]
impl Counter {
    #[handler]
    fn add(&mut self, by: u64) -> u64 {
        self.value += by;
        self.value
    }

    #[handler]
    async fn add_async(&mut self, by: u64) -> u64 {
        self.value += by;
        self.value
    }

    #[handler]
    fn boom(&mut self) {
        // Not `panic!`: the hook would write to the terminal.
        std::panic::resume_unwind(Box::new("boom"));
    }
}

#[actor]
pub struct Hopper {
    neighbours: Option<Neighbours<ActorRef<Hopper>>>,
    finish: Arc<Finish>,
}

#[handlers]
impl Hopper {
    #[handler]
    fn meet(&mut self, place: usize, shape: Shape, all: Arc<[ActorRef<Hopper>]>) {
        self.neighbours = Some(Neighbours::of(place, shape, &all));
    }

    #[handler]
    fn hop(&mut self, left: u64) {
        if left == 0 {
            self.finish.token();
        } else if let Some(neighbours) = &mut self.neighbours {
            let _ = neighbours.next().hop(left - 1).try_tell();
        }
    }
}

#[actor]
pub struct Publisher {
    to: Vec<ActorRef<Counter>>,
}

#[handlers]
impl Publisher {
    #[handler]
    fn publish(&mut self) {
        for counter in &self.to {
            let _ = counter.add(1).try_tell();
        }
    }
}

/// One of a skynet. Its own reference comes with its first message and goes to its children: it ends with the last.
#[actor]
pub struct Skynet {
    parent: Option<ActorRef<Skynet>>,
    sum: u64,
    waits_for: u64,
    answer: Option<ReplyTo<u64>>,
}

impl Skynet {
    fn below(parent: Option<ActorRef<Skynet>>) -> Self {
        Self { parent, sum: 0, waits_for: 10, answer: None }
    }

    fn grow(&mut self, number: u64, size: u64, this: &ActorRef<Self>, system: &System) {
        if size == 1 {
            if let Some(parent) = self.parent.take() {
                let _ = parent.sum(number).try_tell();
            }
            return;
        }
        for number in skynet_children(number, size) {
            let child = system.spawn(Skynet::below(Some(this.clone())));
            let _ = child.start(number, size / 10, child.clone()).try_tell();
        }
    }
}

#[handlers]
impl Skynet {
    #[handler]
    fn start(&mut self, number: u64, size: u64, this: ActorRef<Skynet>, ctx: &mut Context<Self>) {
        self.grow(number, size, &this, &ctx.system());
    }

    #[handler]
    fn root(&mut self, size: u64, ctx: &mut Context<Self>, reply: ReplyTo<u64>) {
        self.answer = Some(reply);
        self.grow(0, size, &ctx.this(), &ctx.system());
    }

    #[handler]
    fn sum(&mut self, of: u64) {
        self.sum += of;
        self.waits_for -= 1;
        if self.waits_for == 0 {
            if let Some(parent) = self.parent.take() {
                let _ = parent.sum(self.sum).try_tell();
            } else if let Some(answer) = self.answer.take() {
                answer.send(self.sum);
            }
        }
    }
}

impl Framework for Airssys {
    type Counter = ActorRef<Counter>;
    type Hopper = ActorRef<Hopper>;
    type Publisher = ActorRef<Publisher>;
    type Guarded = ActorRef<Counter>;
    type Child = ActorRef<Counter>;

    fn new() -> Self {
        Self(System::new("bench"))
    }

    async fn counter(&self) -> ActorRef<Counter> {
        self.0.spawn(Counter::default())
    }

    #[inline]
    async fn tell(to: &ActorRef<Counter>, by: u64) {
        to.add(by).tell().await.expect("the counter lives");
    }

    #[inline]
    async fn tell_async(to: &ActorRef<Counter>, by: u64) {
        to.add_async(by).tell().await.expect("the counter lives");
    }

    #[inline]
    async fn ask(to: &ActorRef<Counter>, by: u64) -> u64 {
        to.add(by).await.expect("the counter lives")
    }

    #[inline]
    async fn ask_async(to: &ActorRef<Counter>, by: u64) -> u64 {
        to.add_async(by).await.expect("the counter lives")
    }

    #[inline]
    async fn ask_within(to: &ActorRef<Counter>, by: u64) -> u64 {
        to.add(by).timeout(LIMIT).await.expect("the counter lives")
    }

    /// Without its last reference an idle actor has ended when `drop` returns.
    #[inline]
    async fn spawn_and_stop(&self) {
        drop(self.0.spawn(Counter::default()));
    }

    async fn hoppers(&self, count: usize, shape: Shape, finish: Arc<Finish>) -> Vec<ActorRef<Hopper>> {
        let all: Arc<[_]> =
            (0..count).map(|_| self.0.spawn(Hopper { neighbours: None, finish: finish.clone() })).collect();
        for (place, hopper) in all.iter().enumerate() {
            hopper.meet(place, shape, all.clone()).await.expect("the hopper lives");
        }
        all.to_vec()
    }

    #[inline]
    async fn hop(to: &ActorRef<Hopper>, left: u64) {
        to.hop(left).tell().await.expect("the hopper lives");
    }

    async fn publisher(&self, to: Vec<ActorRef<Counter>>) -> ActorRef<Publisher> {
        self.0.spawn(Publisher { to })
    }

    #[inline]
    async fn publish(by: &ActorRef<Publisher>) {
        by.publish().await.expect("the publisher lives");
    }

    async fn guarded(&self) -> Option<ActorRef<Counter>> {
        let spec = Supervisor::builder()
            .max_restarts(u32::MAX)
            .child(ChildSpec::new("counter", || async { Ok(Counter::default()) }));
        let supervisor = self.0.start(spec).await.expect("the supervisor starts");
        supervisor.child("counter").await
    }

    #[inline]
    async fn crash(it: &mut ActorRef<Counter>) -> u64 {
        it.boom().tell().await.expect("the counter lives");
        it.add(1).await.expect("the counter is restarted")
    }

    async fn skynet(&self, leaves: u64) -> u64 {
        let root = self.0.spawn(Skynet::below(None));
        root.root(leaves).timeout(Duration::from_secs(300)).await.expect("the leaves answer")
    }

    async fn children(&self, count: usize) -> Option<Vec<Self::Child>> {
        let supervisor = self.0.start(Supervisor::builder()).await.expect("the supervisor starts");
        let mut children = Vec::with_capacity(count);
        for number in 0..count {
            let spec = ChildSpec::new(format!("id-{number}"), || async { Ok(Counter::default()) })
                .named(format!("name-{number}"));
            children.push(supervisor.start_child(spec).await.expect("the child starts"));
        }
        Some(children)
    }
}
