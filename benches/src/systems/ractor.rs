//! ractor: one message enum an actor, `cast` and `call`. Its mailboxes have no bound, so it never waits for room.
//! A supervisor that gets the failure spawns another, as its documentation has it; the reference is a new one.
//! Built without its message span propagation.

use std::sync::Arc;
use std::time::Duration;

use ractor::rpc::CallResult;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent};
use tokio::sync::{mpsc, oneshot};

use super::{Finish, Framework, LIMIT, Neighbours, Shape, skynet_children};

#[derive(Clone)]
pub struct Ractor;

type Handled = Result<(), ActorProcessingErr>;

/// An actor whose arguments are its state, and where the state is handled.
macro_rules! actor {
    ($($actor:ident, $message:ty, $state:ty;)*) => {$(
        pub struct $actor;

        impl Actor for $actor {
            type Msg = $message;
            type State = $state;
            type Arguments = $state;

            async fn pre_start(
                &self,
                _: ActorRef<$message>,
                state: $state,
            ) -> Result<$state, ActorProcessingErr> {
                Ok(state)
            }

            async fn handle(
                &self,
                this: ActorRef<$message>,
                message: $message,
                state: &mut $state,
            ) -> Handled {
                state.handle(this, message).await
            }
        }
    )*};
}

actor! {
    Counter, CounterMessage, Count;
    Hopper, HopperMessage, HopperState;
    Publisher, Publish, PublisherState;
    Skynet, SkynetMessage, SkynetState;
}

async fn spawn<A: Actor>(actor: A, arguments: A::Arguments) -> ActorRef<A::Msg> {
    A::spawn(None, actor, arguments).await.expect("it starts").0
}

async fn call<M: ractor::Message, R: Send + 'static>(
    to: &ActorRef<M>,
    message: impl FnOnce(RpcReplyPort<R>) -> M,
    limit: Option<Duration>,
) -> R {
    match to.call(message, limit).await {
        Ok(CallResult::Success(answer)) => answer,
        _ => panic!("the actor does not answer"),
    }
}

pub struct Count(u64);

pub enum CounterMessage {
    Add(u64),
    Ask(u64, RpcReplyPort<u64>),
    Boom,
}

impl Count {
    async fn handle(&mut self, _: ActorRef<CounterMessage>, message: CounterMessage) -> Handled {
        match message {
            CounterMessage::Add(by) => self.0 += by,
            CounterMessage::Ask(by, reply) => {
                self.0 += by;
                let _ = reply.send(self.0);
            }
            // Not `panic!`: the hook would write to the terminal.
            CounterMessage::Boom => std::panic::resume_unwind(Box::new("boom")),
        }
        Ok(())
    }
}

/// Restarts what fails, and says who comes after.
pub struct Supervisor;

pub enum SupervisorMessage {
    Start(Option<String>, RpcReplyPort<ActorRef<CounterMessage>>),
}

impl Actor for Supervisor {
    type Msg = SupervisorMessage;
    type State = Successors;
    type Arguments = Successors;

    async fn pre_start(
        &self,
        _: ActorRef<SupervisorMessage>,
        successors: Successors,
    ) -> Result<Successors, ActorProcessingErr> {
        Ok(successors)
    }

    async fn handle(
        &self,
        this: ActorRef<SupervisorMessage>,
        SupervisorMessage::Start(name, reply): SupervisorMessage,
        _: &mut Successors,
    ) -> Handled {
        let _ = reply.send(Counter::spawn_linked(name, Counter, Count(0), this.into()).await?.0);
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        this: ActorRef<SupervisorMessage>,
        event: SupervisionEvent,
        successors: &mut Successors,
    ) -> Handled {
        if let SupervisionEvent::ActorFailed(..) = event {
            let next = Counter::spawn_linked(None, Counter, Count(0), this.into()).await?.0;
            let _ = successors.send(next);
        }
        Ok(())
    }
}

type Successors = mpsc::UnboundedSender<ActorRef<CounterMessage>>;

/// The counter of now, and those to come.
pub struct Guarded {
    counter: ActorRef<CounterMessage>,
    successors: mpsc::UnboundedReceiver<ActorRef<CounterMessage>>,
}

pub struct HopperState {
    neighbours: Option<Neighbours<ActorRef<HopperMessage>>>,
    finish: Arc<Finish>,
}

pub enum HopperMessage {
    Meet(usize, Shape, Arc<[ActorRef<HopperMessage>]>),
    Hop(u64),
}

impl HopperState {
    async fn handle(&mut self, _: ActorRef<HopperMessage>, message: HopperMessage) -> Handled {
        match message {
            HopperMessage::Meet(place, shape, all) => {
                self.neighbours = Some(Neighbours::of(place, shape, &all));
            }
            HopperMessage::Hop(0) => self.finish.token(),
            HopperMessage::Hop(left) => {
                if let Some(neighbours) = &mut self.neighbours {
                    let _ = neighbours.next().cast(HopperMessage::Hop(left - 1));
                }
            }
        }
        Ok(())
    }
}

pub struct PublisherState(Vec<ActorRef<CounterMessage>>);

pub struct Publish(RpcReplyPort<()>);

impl PublisherState {
    async fn handle(&mut self, _: ActorRef<Publish>, Publish(reply): Publish) -> Handled {
        for counter in &self.0 {
            let _ = counter.cast(CounterMessage::Add(1));
        }
        let _ = reply.send(());
        Ok(())
    }
}

pub enum Parent {
    Actor(ActorRef<SkynetMessage>),
    Asker(oneshot::Sender<u64>),
}

pub struct SkynetState {
    parent: Option<Parent>,
    sum: u64,
    waits_for: u64,
}

pub enum SkynetMessage {
    Start(u64, u64),
    Sum(u64),
}

impl SkynetState {
    fn below(parent: Parent) -> Self {
        Self { parent: Some(parent), sum: 0, waits_for: 10 }
    }

    fn tell(&mut self, sum: u64, this: &ActorRef<SkynetMessage>) {
        match self.parent.take() {
            Some(Parent::Actor(parent)) => {
                let _ = parent.cast(SkynetMessage::Sum(sum));
            }
            Some(Parent::Asker(answer)) => {
                let _ = answer.send(sum);
            }
            None => {}
        }
        this.stop(None);
    }

    async fn handle(&mut self, this: ActorRef<SkynetMessage>, message: SkynetMessage) -> Handled {
        match message {
            SkynetMessage::Start(number, 1) => self.tell(number, &this),
            SkynetMessage::Start(number, size) => {
                for number in skynet_children(number, size) {
                    let child = spawn(Skynet, Self::below(Parent::Actor(this.clone()))).await;
                    let _ = child.cast(SkynetMessage::Start(number, size / 10));
                }
            }
            SkynetMessage::Sum(of) => {
                self.sum += of;
                self.waits_for -= 1;
                if self.waits_for == 0 {
                    self.tell(self.sum, &this);
                }
            }
        }
        Ok(())
    }
}

impl Framework for Ractor {
    type Counter = ActorRef<CounterMessage>;
    type Hopper = ActorRef<HopperMessage>;
    type Publisher = ActorRef<Publish>;
    type Guarded = Guarded;
    const BOUNDED: bool = false;
    type Child = ActorRef<CounterMessage>;

    fn new() -> Self {
        Self
    }

    async fn counter(&self) -> ActorRef<CounterMessage> {
        spawn(Counter, Count(0)).await
    }

    #[inline]
    async fn tell(to: &ActorRef<CounterMessage>, by: u64) {
        to.cast(CounterMessage::Add(by)).expect("the counter lives");
    }

    #[inline]
    async fn ask(to: &ActorRef<CounterMessage>, by: u64) -> u64 {
        call(to, |reply| CounterMessage::Ask(by, reply), None).await
    }

    #[inline]
    async fn ask_within(to: &ActorRef<CounterMessage>, by: u64) -> u64 {
        call(to, |reply| CounterMessage::Ask(by, reply), Some(LIMIT)).await
    }

    #[inline]
    async fn spawn_and_stop(&self) {
        let (counter, ended) = Counter::spawn(None, Counter, Count(0)).await.expect("it starts");
        counter.stop(None);
        ended.await.expect("it ends without a panic");
    }

    async fn hoppers(&self, count: usize, shape: Shape, finish: Arc<Finish>) -> Vec<ActorRef<HopperMessage>> {
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            all.push(spawn(Hopper, HopperState { neighbours: None, finish: finish.clone() }).await);
        }
        let shared: Arc<[_]> = all.clone().into();
        for (place, hopper) in all.iter().enumerate() {
            hopper.cast(HopperMessage::Meet(place, shape, shared.clone())).expect("the hopper lives");
        }
        all
    }

    #[inline]
    async fn hop(to: &ActorRef<HopperMessage>, left: u64) {
        to.cast(HopperMessage::Hop(left)).expect("the hopper lives");
    }

    async fn publisher(&self, to: Vec<ActorRef<CounterMessage>>) -> ActorRef<Publish> {
        spawn(Publisher, PublisherState(to)).await
    }

    #[inline]
    async fn publish(by: &ActorRef<Publish>) {
        call(by, Publish, None).await;
    }

    async fn guarded(&self) -> Option<Guarded> {
        let (to, successors) = mpsc::unbounded_channel();
        let supervisor = spawn(Supervisor, to).await;
        let counter = call(&supervisor, |reply| SupervisorMessage::Start(None, reply), None).await;
        Some(Guarded { counter, successors })
    }

    #[inline]
    async fn crash(it: &mut Guarded) -> u64 {
        it.counter.cast(CounterMessage::Boom).expect("the counter lives");
        it.counter = it.successors.recv().await.expect("the counter is restarted");
        Self::ask(&it.counter, 1).await
    }

    async fn skynet(&self, leaves: u64) -> u64 {
        let (answer, answered) = oneshot::channel();
        let root = spawn(Skynet, SkynetState::below(Parent::Asker(answer))).await;
        root.cast(SkynetMessage::Start(0, leaves)).expect("the root lives");
        answered.await.expect("the leaves answer")
    }

    async fn children(&self, count: usize) -> Option<Vec<Self::Child>> {
        let supervisor = spawn(Supervisor, mpsc::unbounded_channel().0).await;
        let mut children = Vec::with_capacity(count);
        for number in 0..count {
            let name = Some(format!("name-{number}"));
            children.push(call(&supervisor, |reply| SupervisorMessage::Start(name, reply), None).await);
        }
        Some(children)
    }
}
