//! What a handler may do besides answering: know itself, end, watch others, spawn, publish.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_core::Stream;

use crate::actor::{Actor, Handles};
use crate::actor_ref::{ActorRef, WeakRef, next_monitor};
use crate::address::{Address, HasProcess, Posting, Timer, Wait};
use crate::cell::{Cell, Posted, Record, Subscription, Trouble};
use crate::delivery::PublishAndWait;
use crate::error::{ActorError, ActorResult, discard};
use crate::event_bus::Delivered;
use crate::exit::{Down, Exit, ExitReason, MonitorId};
use crate::groups;
use crate::kernel::Kernel;
use crate::letter::Letter;
use crate::lock::Exclusive;
use crate::mail::Mail;
use crate::process::{AnyCell, ChildEnd, LinkKey, Owner, Watcher};
use crate::process_id::ProcessId;
use crate::reply::Answer;
use crate::system::System;
use crate::timer::Timers;
use crate::yields;

/// What a handler gets besides its message: the actor's own side of the runtime.
///
/// An argument `ctx: &mut Context<Self>`, anywhere in a handler's list, gives it; it is no part of the message.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// #[actor]
/// struct Node {
///     parent: Option<ActorRef<Node>>,
/// }
///
/// #[handlers]
/// impl Node {
///     /// Spawns a node below this one, and says who is whose.
///     #[handler]
///     fn branch(&mut self, ctx: &mut Context<Self>) -> (ProcessId, ActorRef<Node>) {
///         println!("{} of {}, incarnation {}", ctx.pid(), ctx.system().name(), ctx.incarnation());
///         let child = ctx.spawn_child(Node { parent: Some(ctx.this()) });
///         (ctx.pid(), child)
///     }
///
///     #[handler]
///     fn parent(&self) -> Option<ProcessId> {
///         self.parent.as_ref().map(ActorRef::pid)
///     }
/// }
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), AskError> {
///     let root = System::new("woods").spawn(Node { parent: None });
///     let (pid, child) = root.branch().await?;
///     assert_eq!(child.parent().await?, Some(pid));
///     assert_eq!(child.process().supervisor(), Some(pid));
///     Ok(())
/// }
/// ```
pub struct Context<A: Actor> {
    pub(crate) cell: Arc<Cell<A>>,
    answer: Exclusive<Answer<'static>>,
    /// What the handler asked for beside its answer; most ask for nothing.
    wishes: Exclusive<Option<Box<Wishes<A>>>>,
    /// Whether subscriptions made now are the actor's for all its incarnations.
    pub(crate) preparing: bool,
}

/// What a handler asked for, to be done once it returns.
struct Wishes<A: Actor> {
    stop: Option<ExitReason>,
    failure: Option<ActorError>,
    /// What is to be handled before all that is queued.
    next: Vec<Mail<A>>,
}

impl<A: Actor> Context<A> {
    #[inline]
    pub(crate) fn new(cell: Arc<Cell<A>>) -> Self {
        Self { cell, answer: Exclusive::new(Answer::told()), wishes: Exclusive::new(None), preparing: false }
    }

    /// For one message, with its answer.
    #[inline]
    pub(crate) fn answering(cell: Arc<Cell<A>>, answer: Answer<'static>) -> Self {
        Self { answer: Exclusive::new(answer), ..Self::new(cell) }
    }

    /// Sets up what the actor declares.
    pub(crate) fn prepare(&mut self) {
        self.preparing = true;
        A::prepare(self);
        self.preparing = false;
    }

    fn wish(&mut self) -> &mut Wishes<A> {
        let wishes = || Box::new(Wishes { stop: None, failure: None, next: Vec::new() });
        self.wishes.get().get_or_insert_with(wishes)
    }

    /// Nothing of the last message is left.
    pub(crate) fn renew(&mut self) {
        *self.answer.get() = Answer::told();
        if let Some(wishes) = self.wishes.get().take() {
            for mail in wishes.next {
                let _ = discard(mail);
            }
        }
    }

    /// Whether the handler asked for anything beside its answer.
    #[inline]
    pub(crate) fn has_wishes(&mut self) -> bool {
        self.wishes.get().is_some()
    }

    /// Whether nothing came of the message in hand but what its handler returned.
    #[inline]
    pub(crate) fn is_untouched(&mut self) -> bool {
        self.wishes.get().is_none() && self.answer.get().is_told()
    }

    /// Whether nothing came of the message in hand but its answer, which is given if there is to be one.
    #[inline]
    pub(crate) fn is_smooth(&mut self) -> bool {
        self.wishes.get().is_none() && (self.answer.get().is_gone() || self.answer.get().is_told())
    }

    /// Drops an [untouched](Self::is_untouched) or [smooth](Self::is_smooth) context.
    #[inline]
    pub(crate) fn put_down(self) {
        let Self { cell, answer, wishes, .. } = self;
        // Empty, which the compiler cannot see: so no destructors that look.
        std::mem::forget((answer, wishes));
        drop(cell);
    }

    /// Puts the follow-up steps of a handler before what waits.
    #[inline]
    pub(crate) fn follow_up(&mut self, batch: &mut VecDeque<Mail<A>>) {
        if let Some(wishes) = self.wishes.get() {
            while let Some(mail) = wishes.next.pop() {
                batch.push_front(mail);
            }
        }
    }

    /// The failure that [`fail`](Self::fail) noted.
    pub(crate) fn take_failure(&mut self) -> Option<ActorError> {
        self.wishes.get().as_mut()?.failure.take()
    }

    /// The end that the handler asked for.
    pub(crate) fn take_stop(&mut self) -> Option<ExitReason> {
        self.wishes.get().as_mut()?.stop.take()
    }

    /// Ends the actor after the message in hand, with this reason.
    pub(crate) fn stop_with(&mut self, reason: ExitReason) {
        self.wish().stop = Some(reason);
    }

    /// Whether [`fail`](Self::fail) was called for the message in hand: then its handler's value is no answer.
    #[doc(hidden)]
    #[must_use]
    pub fn has_failed(&mut self) -> bool {
        self.wishes.get().as_ref().is_some_and(|wishes| wishes.failure.is_some())
    }

    /// What a handler's outcome means for the actor, if it is more than that it goes on.
    #[inline]
    pub(crate) fn trouble(&mut self, outcome: ActorResult<()>, record: Record) -> Option<Trouble> {
        match outcome {
            Ok(()) if !self.has_wishes() => None,
            outcome => self.find_trouble(outcome, record),
        }
    }

    #[cold]
    fn find_trouble(&mut self, outcome: ActorResult<()>, record: Record) -> Option<Trouble> {
        let failure = self.take_failure();
        let stop = self.take_stop();
        if self.wishes.get().as_ref().is_some_and(|wishes| wishes.next.is_empty()) {
            *self.wishes.get() = None;
        }
        let error = outcome.err().filter(|error| !error.is_deferred()).or(failure);
        match error {
            Some(error) => Some(Trouble::Failed { error, record }),
            None => stop.map(Trouble::Stop),
        }
    }

    /// The actor's id, the same through all restarts.
    #[must_use]
    pub fn pid(&self) -> ProcessId {
        self.cell.pid()
    }

    /// The number of this incarnation, counted from 1: how often the actor was started.
    #[must_use]
    pub fn incarnation(&self) -> u32 {
        self.cell.incarnation()
    }

    /// A reference to the actor itself, to hand to others. An actor that keeps one keeps itself alive: keep a
    /// [`WeakRef`] instead.
    #[must_use]
    pub fn this(&self) -> ActorRef<A> {
        ActorRef::new(self.cell.clone())
    }

    /// The system it lives in.
    #[must_use]
    pub fn system(&self) -> System {
        System::of(self.cell.kernel_ref().clone())
    }

    /// Where the answer of the message in hand goes. For actors that are written by hand: the macros answer with what a
    /// handler returns. [`Answer`] has an example.
    pub fn answer(&mut self) -> &mut Answer<'static> {
        self.answer.get()
    }

    /// Ends the actor after the message in hand, with [`ExitReason::Normal`]: what is queued becomes dead letters. A permanent
    /// child is started again by its supervisor, a transient or temporary one is not.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// #[actor]
    /// struct Countdown(u32);
    ///
    /// #[handlers]
    /// impl Countdown {
    ///     #[handler]
    ///     fn tick(&mut self, ctx: &mut Context<Self>) -> u32 {
    ///         self.0 -= 1;
    ///         if self.0 == 0 {
    ///             ctx.stop();
    ///         }
    ///         self.0
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let countdown = system.spawn(Countdown(1));
    /// assert_eq!(countdown.tick().await?, 0); // the answer is given
    /// assert_eq!(countdown.process().wait().await, ExitReason::Normal);
    /// # Ok(()) }
    /// ```
    pub fn stop(&mut self) {
        self.stop_with(ExitReason::Normal);
    }

    /// Ends the actor after the message in hand, in an orderly way, with a word about why: as [`stop`](Self::stop), but the
    /// reason is [`ExitReason::ShutdownWith`]. Erlang's `{shutdown, Term}`.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// #[actor]
    /// struct Lease;
    ///
    /// #[handlers]
    /// impl Lease {
    ///     #[handler]
    ///     fn revoke(&mut self, by: String, ctx: &mut Context<Self>) {
    ///         ctx.shutdown_with(format!("revoked by {by}"));
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let lease = system.spawn(Lease);
    /// lease.revoke("Ada".to_owned()).await?;
    /// let reason = lease.process().wait().await;
    /// assert_eq!(reason.to_string(), "shutdown: revoked by Ada");
    /// assert!(!reason.is_abnormal());
    /// # Ok(()) }
    /// ```
    pub fn shutdown_with(&mut self, detail: impl Into<Arc<str>>) {
        self.stop_with(ExitReason::ShutdownWith { detail: detail.into() });
    }

    /// Makes the message in hand a failure of the actor, once its handler returns; what that returns is then no answer, and the
    /// asker gets [`AskError::Failed`](crate::AskError::Failed).
    ///
    /// For a handler whose return type has no room for an error; with an [`ActorResult`] one returns it.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// #[actor]
    /// struct Gauge {
    ///     level: u32,
    /// }
    ///
    /// #[handlers]
    /// impl Gauge {
    ///     #[handler]
    ///     fn lower(&mut self, by: u32, ctx: &mut Context<Self>) -> u32 {
    ///         if by > self.level {
    ///             ctx.fail(ActorError::msg("the gauge is broken"));
    ///             return 0;
    ///         }
    ///         self.level -= by;
    ///         self.level
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let gauge = system.spawn(Gauge { level: 3 });
    /// assert_eq!(gauge.lower(2).await?, 1);
    /// assert!(matches!(gauge.lower(2).await, Err(AskError::Failed { .. })));
    /// assert!(gauge.process().wait().await.is_abnormal()); // nobody restarts it
    /// # Ok(()) }
    /// ```
    pub fn fail(&mut self, error: impl Into<ActorError>) {
        self.wish().failure = Some(error.into());
    }

    /// Runs a future beside the actor, which goes on with other messages; it is dropped when the incarnation ends.
    ///
    /// A panic in it is traced and ends it alone. What it finds out reaches the actor by a message, or by [`pipe`](Self::pipe).
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// #[actor]
    /// #[derive(Default)]
    /// struct Downloads {
    ///     done: u32,
    /// }
    ///
    /// #[handlers]
    /// impl Downloads {
    ///     #[handler]
    ///     fn begin(&mut self, ctx: &mut Context<Self>) {
    ///         let this = ctx.this().downgrade();
    ///         ctx.spawn(async move {
    ///             tokio::task::yield_now().await; // imagine a download
    ///             let _ = this.finished().tell().await;
    ///         });
    ///     }
    ///
    ///     #[handler]
    ///     fn finished(&mut self) {
    ///         self.done += 1;
    ///     }
    ///
    ///     #[handler]
    ///     fn done(&self) -> u32 {
    ///         self.done
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let downloads = system.spawn(Downloads::default());
    /// downloads.begin().await?;
    /// while downloads.done().await? == 0 {
    ///     tokio::task::yield_now().await;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.cell.spawn_task(future);
    }

    /// Runs a future beside the actor and handles its result as a message, which takes no room in the mailbox.
    ///
    /// So a handler waits for something slow while the actor goes on. Like everything of the incarnation, the future is dropped
    /// when that ends; a panic in it ends it alone, and no message comes. Akka calls it `pipeToSelf`.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// #[actor]
    /// #[derive(Default)]
    /// struct Weather {
    ///     degrees: Option<i32>,
    /// }
    ///
    /// #[handlers]
    /// impl Weather {
    ///     #[handler]
    ///     fn refresh(&mut self, ctx: &mut Context<Self>) {
    ///         let forecast = async { 21 }; // imagine a request
    ///         ctx.pipe(forecast, |degrees| WeatherMessage::Arrived { degrees });
    ///     }
    ///
    ///     #[handler]
    ///     fn arrived(&mut self, degrees: i32) {
    ///         self.degrees = Some(degrees);
    ///     }
    ///
    ///     #[handler]
    ///     fn degrees(&self) -> Option<i32> {
    ///         self.degrees
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let weather = system.spawn(Weather::default());
    /// weather.refresh().await?;
    /// while weather.degrees().await?.is_none() {
    ///     tokio::task::yield_now().await;
    /// }
    /// assert_eq!(weather.degrees().await?, Some(21));
    /// # Ok(()) }
    /// ```
    pub fn pipe<F, M>(&self, future: F, to_message: impl FnOnce(F::Output) -> M + Send + 'static)
    where
        F: Future + Send + 'static,
        F::Output: Send,
        M: Send + 'static,
        A: Handles<M>,
    {
        let cell = Arc::downgrade(&self.cell);
        self.cell.spawn_task(async move {
            let message = to_message(future.await);
            if let Some(cell) = cell.upgrade() {
                cell.notice(Mail::follow_up(message));
            }
        });
    }

    /// Handles a message after the one in hand and before all that are queued: the follow-up step of a handler,
    /// the start handler among them. Several are handled in the order of the calls. Erlang's `{continue, Term}`.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// #[actor]
    /// #[derive(Default)]
    /// struct Index {
    ///     words: Option<u32>,
    /// }
    ///
    /// #[handlers]
    /// impl Index {
    ///     /// Quick, so that whoever starts the index does not wait for it.
    ///     #[handler(start)]
    ///     fn start(&mut self, ctx: &mut Context<Self>) {
    ///         ctx.continue_with(IndexMessage::Load);
    ///     }
    ///
    ///     #[handler]
    ///     async fn load(&mut self) {
    ///         tokio::task::yield_now().await; // imagine something slow
    ///         self.words = Some(40_000);
    ///     }
    ///
    ///     #[handler]
    ///     fn words(&self) -> Option<u32> {
    ///         self.words
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let index = system.start(Index::default()).await?;
    /// assert_eq!(index.words().await?, Some(40_000)); // it was loaded first
    /// # Ok(()) }
    /// ```
    pub fn continue_with<M: Send + 'static>(&mut self, message: M)
    where
        A: Handles<M>,
    {
        self.wish().next.push(Mail::follow_up(message));
    }

    /// Handles every item of a stream as a message, waiting for room in the mailbox: so a full mailbox holds the stream back.
    ///
    /// Where a full mailbox refuses what does not fit, an item is lost instead. The stream is dropped with the incarnation, and
    /// keeps no actor alive. A panic in it ends it alone.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # use std::{pin::Pin, task::Poll};
    /// # struct Numbers(u32);
    /// # impl futures_core::Stream for Numbers {
    /// #     type Item = u32;
    /// #     fn poll_next(mut self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<Option<u32>> {
    /// #         self.0 += 1;
    /// #         Poll::Ready((self.0 <= 3).then_some(self.0))
    /// #     }
    /// # }
    /// #[actor]
    /// #[derive(Default)]
    /// struct Sum(u32);
    ///
    /// #[handlers]
    /// impl Sum {
    ///     #[handler(start)]
    ///     fn start(&mut self, ctx: &mut Context<Self>) {
    ///         let numbers = Numbers(0); // a stream of 1, 2, 3
    ///         ctx.attach(numbers, |n| SumMessage::Add { n });
    ///     }
    ///
    ///     #[handler]
    ///     fn add(&mut self, n: u32) -> u32 {
    ///         self.0 += n;
    ///         self.0
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let sum = system.spawn(Sum::default());
    /// while sum.add(0).await? < 6 {
    ///     tokio::task::yield_now().await;
    /// }
    /// assert_eq!(sum.add(0).await?, 6);
    /// # Ok(()) }
    /// ```
    pub fn attach<S, M>(&self, stream: S, mut to_message: impl FnMut(S::Item) -> M + Send + 'static)
    where
        S: Stream + Send + 'static,
        S::Item: Send,
        M: Send + 'static,
        A: Handles<M>,
    {
        let cell = Arc::downgrade(&self.cell);
        self.cell.spawn_task(async move {
            let mut stream = std::pin::pin!(stream);
            while let Some(item) = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                let message = to_message(item);
                // A stream that always has more has to give way to other tasks now and then.
                std::future::poll_fn(|cx| yields::poll_send(yields::ASKS, cx)).await;
                let posting = {
                    let Some(actor) = cell.upgrade().and_then(ActorRef::revive) else { return };
                    actor.__post(0, Letter::told(message), Wait::ForRoom)
                };
                match posting {
                    Posting::Done | Posting::Full(_) => {}
                    Posting::Stopped(_) => return,
                    Posting::Waits(room) => {
                        if room.await.is_err() {
                            return;
                        }
                    }
                }
            }
        });
    }

    /// Watches an actor, which may be of another system: its end for good arrives at the `down` handler, after all that it had
    /// sent. A restart is no end.
    ///
    /// Each call is a monitor of its own, and brings one [`Down`]; of an actor that has ended already, at once, with
    /// [`ExitReason::NoProcess`]. The monitor goes with this incarnation. Without an actor to be told, await
    /// [`ActorRef::monitor`]. Erlang's `monitor/2`.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// #[actor]
    /// #[derive(Default)]
    /// struct Nurse {
    ///     lost: Vec<(ProcessId, ExitReason)>,
    /// }
    ///
    /// #[handlers]
    /// impl Nurse {
    ///     #[handler]
    ///     fn watch(&mut self, patient: ActorRef<Counter>, ctx: &mut Context<Self>) {
    ///         ctx.monitor(&patient);
    ///     }
    ///
    ///     #[handler(down)]
    ///     fn gone(&mut self, down: Down) {
    ///         self.lost.push((down.pid, down.reason));
    ///     }
    ///
    ///     #[handler]
    ///     fn lost(&self) -> Vec<(ProcessId, ExitReason)> {
    ///         self.lost.clone()
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let nurse = system.spawn(Nurse::default());
    /// let patient = system.spawn(Counter(0));
    /// nurse.watch(patient.clone()).await?;
    /// patient.kill().await?;
    /// assert_eq!(nurse.lost().await?, [(patient.pid(), ExitReason::Killed)]);
    /// # Ok(()) }
    /// ```
    pub fn monitor(&self, target: &impl HasProcess) -> MonitorId {
        let watcher: Arc<dyn AnyCell> = self.cell.clone();
        let id = next_monitor();
        let gone = target.__pid();
        let Some(target) = target.__process() else {
            // Nothing but its id is left.
            self.cell.note_watching(id, watcher.clone());
            watcher.down(Down {
                monitor: id,
                pid: gone.unwrap_or(self.pid()),
                reason: ExitReason::NoProcess,
            });
            return id;
        };
        self.cell.note_watching(id, target.0.clone());
        let entry = Watcher::Actor(Arc::downgrade(&watcher));
        if let Err((_, reason)) = target.0.add_monitor(id, entry) {
            watcher.down(Down { monitor: id, pid: target.0.pid(), reason });
        }
        id
    }

    /// Takes a monitor back. A notice that is queued already will not be handled (Erlang's `[flush]`); one that was taken back
    /// before, or has been told, does no harm.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// #[actor]
    /// #[derive(Default)]
    /// struct Nurse {
    ///     told: u32,
    /// }
    ///
    /// #[handlers]
    /// impl Nurse {
    ///     #[handler]
    ///     async fn watch_end(&mut self, patient: ActorRef<Counter>, ctx: &mut Context<Self>) -> u32 {
    ///         let monitor = ctx.monitor(&patient);
    ///         let _ = patient.kill().await; // the notice is queued now
    ///         ctx.demonitor(monitor);
    ///         self.told
    ///     }
    ///
    ///     #[handler(down)]
    ///     fn gone(&mut self, _down: Down) {
    ///         self.told += 1;
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let nurse = system.spawn(Nurse::default());
    /// nurse.watch_end(system.spawn(Counter(0))).await?;
    /// assert_eq!(nurse.watch_end(system.spawn(Counter(0))).await?, 0);
    /// # Ok(()) }
    /// ```
    pub fn demonitor(&self, monitor: MonitorId) {
        self.cell.unwatch(monitor);
    }

    /// Links the two actors, which may be of two systems: when one fails, the other ends with the same reason, at its next await,
    /// or gets it at its `exit` handler. A link outlives restarts and fires at each failure. An orderly end ends nobody else;
    /// an `exit` handler gets a notice of it.
    ///
    /// Two actors have at most one link; who makes it does not matter. Linked to an actor that has ended, this one gets
    /// [`ExitReason::NoProcess`]. Erlang's `link/1`.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// #[actor]
    /// struct Half;
    ///
    /// #[handlers]
    /// impl Half {
    ///     #[handler]
    ///     fn join_with(&mut self, other: ActorRef<Half>, ctx: &mut Context<Self>) {
    ///         ctx.link(&other);
    ///     }
    ///
    ///     #[handler]
    ///     fn fail(&mut self) -> ActorResult {
    ///         Err(ActorError::msg("broken"))
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let (one, other) = (system.spawn(Half), system.spawn(Half));
    /// one.join_with(other.clone()).await?;
    /// assert!(one.fail().await.is_err());
    /// let reason = other.process().wait().await;
    /// assert_eq!(reason.to_string(), "failed: broken");
    /// # Ok(()) }
    /// ```
    pub fn link(&self, other: &impl HasProcess) {
        let this: Arc<dyn AnyCell> = self.cell.clone();
        let gone = other.__pid();
        let Some(other) = other.__process() else {
            this.clone().exit_signal(Exit { pid: gone.unwrap_or(self.pid()), reason: ExitReason::NoProcess });
            return;
        };
        if std::ptr::addr_eq(Arc::as_ptr(&other.0), Arc::as_ptr(&self.cell)) {
            return;
        }
        this.add_link(&other.0);
        if !other.0.add_link(&this) {
            this.remove_link(LinkKey::of(&*other.0));
            this.exit_signal(Exit { pid: other.0.pid(), reason: ExitReason::NoProcess });
        }
    }

    /// Takes a link back, whoever made it. Nothing happens when there is none.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// #[actor]
    /// struct Half;
    ///
    /// #[handlers]
    /// impl Half {
    ///     #[handler]
    ///     fn join_and_part(&mut self, other: ActorRef<Counter>, ctx: &mut Context<Self>) {
    ///         ctx.link(&other);
    ///         ctx.unlink(&other);
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let (half, counter) = (system.spawn(Half), system.spawn(Counter(0)));
    /// half.join_and_part(counter.clone()).await?;
    /// counter.kill().await?;
    /// assert!(half.process().is_alive());
    /// # Ok(()) }
    /// ```
    pub fn unlink(&self, other: &impl HasProcess) {
        if let Some(other) = other.__process() {
            self.cell.remove_link(LinkKey::of(&*other.0));
            other.0.remove_link(LinkKey::of(&*self.cell));
        }
    }

    /// Spawns an actor that ends with this incarnation. It is not restarted: what is to be belongs under a
    /// [`Supervisor`](crate::Supervisor).
    ///
    /// A start handler of it that fails ends it alone. It ends, too, when its last reference is gone, as any actor does that
    /// nobody supervises: keep one, or [detach](ActorRef::detach) it. [`Context`] has an example.
    pub fn spawn_child<B: Actor>(&self, child: B) -> ActorRef<B> {
        let kernel = self.cell.kernel_ref();
        let pid = kernel.table.next_pid();
        let cell = Cell::new(kernel.clone(), pid, Some(child));
        let parent: Arc<dyn AnyCell> = self.cell.clone();
        let owner = Parent { pid: self.pid(), cell: Arc::downgrade(&parent) };
        cell.with_rare(|rare| rare.owner = Some(Arc::new(Box::new(owner))));
        kernel.table.insert(pid, cell.clone());
        parent.own(pid, false);
        let actor = ActorRef::new(cell);
        actor.cell.begin();
        actor
    }

    /// Handles every event of type `E` published from now on, on the bus of this system. A second call changes nothing.
    ///
    /// Lasts until the incarnation ends; `#[handler(event)]` subscribes every one.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// #[derive(Clone)]
    /// struct Price(u32);
    ///
    /// #[actor]
    /// #[derive(Default)]
    /// struct Ticker {
    ///     last: u32,
    /// }
    ///
    /// #[handlers]
    /// impl Ticker {
    ///     #[handler(message)] // `event` would subscribe from the start on
    ///     fn price(&mut self, price: Price) {
    ///         self.last = price.0;
    ///     }
    ///
    ///     #[handler]
    ///     fn listen(&mut self, on: bool, ctx: &mut Context<Self>) {
    ///         if on { ctx.subscribe::<Price>() } else { ctx.unsubscribe::<Price>() }
    ///     }
    ///
    ///     #[handler]
    ///     fn last(&self) -> u32 {
    ///         self.last
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let ticker = system.spawn(Ticker::default());
    /// assert_eq!(system.events().publish(Price(1)), 0);
    /// ticker.listen(true).await?;
    /// assert_eq!(system.events().publish(Price(2)), 1);
    /// ticker.listen(false).await?;
    /// assert_eq!(system.events().publish(Price(3)), 0);
    /// assert_eq!(ticker.last().await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn subscribe<E: Clone + Send + 'static>(&mut self)
    where
        A: Handles<E>, // give the actor a `#[handler(event)]` with one argument of this type
    {
        subscribe::<A, E>(self.cell.kernel_ref(), &self.cell, self.preparing);
    }

    /// Handles no more events of type `E`, but for those that are queued already. Nothing happens without a subscription.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// #[derive(Clone)]
    /// struct Announced(&'static str);
    ///
    /// #[actor]
    /// #[derive(Default)]
    /// struct First {
    ///     heard: Vec<&'static str>,
    /// }
    ///
    /// #[handlers]
    /// impl First {
    ///     /// One is enough.
    ///     #[handler(event)]
    ///     fn announced(&mut self, announced: Announced, ctx: &mut Context<Self>) {
    ///         self.heard.push(announced.0);
    ///         ctx.unsubscribe::<Announced>();
    ///     }
    ///
    ///     #[handler]
    ///     fn heard(&self) -> Vec<&'static str> {
    ///         self.heard.clone()
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let first = system.start(First::default()).await?;
    /// system.events().publish(Announced("a concert"));
    /// assert_eq!(first.heard().await?, ["a concert"]);
    /// assert_eq!(system.events().publish(Announced("another")), 0);
    /// # Ok(()) }
    /// ```
    pub fn unsubscribe<E: Send + 'static>(&mut self) {
        unsubscribe::<A, E>(self.cell.kernel_ref(), &self.cell);
    }

    /// Joins a group of the system: see [`Groups`](crate::Groups). A second call changes nothing.
    ///
    /// Lasts until the actor leaves or has ended for good, through its restarts, too: an actor that joins at its
    /// start need not remember whether it was a member.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// #[actor]
    /// struct Worker;
    ///
    /// #[handlers]
    /// impl Worker {
    ///     #[handler(start)]
    ///     fn start(&mut self, ctx: &mut Context<Self>) {
    ///         ctx.join("workers");
    ///     }
    ///
    ///     #[handler]
    ///     fn retire(&mut self, ctx: &mut Context<Self>) -> bool {
    ///         ctx.leave("workers")
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let worker = system.start(Worker).await?;
    /// assert_eq!(system.groups().members("workers"), [worker.clone()]);
    /// assert!(worker.retire().await?);
    /// assert!(!worker.retire().await?, "no member any more");
    /// # Ok(()) }
    /// ```
    pub fn join(&self, group: impl Into<Arc<str>>) {
        groups::join(self.cell.kernel_ref(), group.into(), &self.cell);
    }

    /// Leaves a group of the system. False when the actor was no member. A message told to the group that is queued
    /// already is handled. [`Context::join`] has an example.
    pub fn leave(&self, group: &str) -> bool {
        groups::leave(self.cell.kernel_ref(), group, &self.cell)
    }

    /// Publishes an event on the system's bus. Returns how many subscribers took it. Never waits: see
    /// [`EventBus::publish`](crate::EventBus::publish).
    ///
    /// # Panics
    /// When cloning the event does.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// #[derive(Clone)]
    /// struct Sold(u32);
    ///
    /// #[actor]
    /// struct Shop;
    ///
    /// #[handlers]
    /// impl Shop {
    ///     #[handler]
    ///     fn sell(&mut self, item: u32, ctx: &mut Context<Self>) -> usize {
    ///         ctx.publish(Sold(item))
    ///     }
    /// }
    ///
    /// #[actor]
    /// struct Accounts;
    ///
    /// #[handlers]
    /// impl Accounts {
    ///     #[handler(event)]
    ///     fn sold(&mut self, sold: Sold) {
    ///         println!("sold: {}", sold.0);
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let _accounts = system.start(Accounts).await?;
    /// assert_eq!(system.spawn(Shop).sell(7).await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn publish<E: Clone + Send + 'static>(&self, event: E) -> usize {
        self.cell.kernel_ref().bus.publish(event)
    }

    /// Publishes an event on the system's bus and waits until every subscriber has handled it: see
    /// [`EventBus::publish_and_wait`](crate::EventBus::publish_and_wait). The actor itself is not waited for.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// #[derive(Clone)]
    /// struct Closing;
    ///
    /// #[actor]
    /// struct Till;
    ///
    /// #[handlers]
    /// impl Till {
    ///     #[handler(event)]
    ///     fn closing(&mut self, _closing: Closing) {}
    /// }
    ///
    /// #[actor]
    /// struct Shop;
    ///
    /// #[handlers]
    /// impl Shop {
    ///     #[handler]
    ///     async fn close(&mut self, ctx: &mut Context<Self>) -> usize {
    ///         let delivery = ctx.publish_and_wait(Closing).timeout(Duration::from_secs(1)).await;
    ///         delivery.handled
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let _tills = [system.start(Till).await?, system.start(Till).await?];
    /// assert_eq!(system.spawn(Shop).close().await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn publish_and_wait<E: Clone + Send + 'static>(&self, event: E) -> PublishAndWait<E> {
        PublishAndWait::new(self.cell.kernel_ref().clone(), event)
    }

    /// Handles `message` every `period`, from one period on until the incarnation ends: on a grid, without bursts.
    ///
    /// A tick that falls due while the last one still is queued is skipped. It takes no room in the mailbox.
    /// `#[handler(every = "1s")]` does the same for a period that is known beforehand.
    ///
    /// # Panics
    /// When `period` is zero.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// #[actor]
    /// struct Pulse {
    ///     period: Duration,
    ///     beats: u32,
    /// }
    ///
    /// #[handlers(message(derive(Clone)))]
    /// impl Pulse {
    ///     #[handler(start)]
    ///     fn start(&mut self, ctx: &mut Context<Self>) {
    ///         ctx.every(self.period, PulseMessage::Beat);
    ///     }
    ///
    ///     #[handler]
    ///     fn beat(&mut self) {
    ///         self.beats += 1;
    ///     }
    ///
    ///     #[handler]
    ///     fn beats(&self) -> u32 {
    ///         self.beats
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let pulse = system.start(Pulse { period: Duration::from_millis(100), beats: 0 }).await?;
    /// tokio::time::sleep(Duration::from_millis(350)).await; // the time of this example is paused: it takes none
    /// assert_eq!(pulse.beats().await?, 3);
    /// # Ok(()) }
    /// ```
    pub fn every<M: Clone + Send + 'static>(&mut self, period: Duration, message: M)
    where
        A: Handles<M>,
    {
        assert!(!period.is_zero(), "a timer needs a period longer than zero");
        self.set_timer(period, Some(period), move || Some(message.clone()));
    }

    /// Handles `message` once, `delay` from now, unless the incarnation has ended by then.
    ///
    /// It takes no room in the mailbox. To be able to cancel it, set it on a request instead:
    /// `ctx.this().expire().tell_after(delay)` gives a [`TimerHandle`](crate::TimerHandle).
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// #[actor]
    /// struct Session;
    ///
    /// #[handlers]
    /// impl Session {
    ///     #[handler]
    ///     fn expire_in(&mut self, time: Duration, ctx: &mut Context<Self>) {
    ///         ctx.after(time, SessionMessage::Expire);
    ///     }
    ///
    ///     #[handler]
    ///     fn expire(&mut self, ctx: &mut Context<Self>) {
    ///         ctx.stop();
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let session = system.spawn(Session);
    /// session.expire_in(Duration::from_secs(60)).await?;
    /// assert_eq!(session.process().wait().await, ExitReason::Normal); // after a minute
    /// # Ok(()) }
    /// ```
    pub fn after<M: Send + 'static>(&mut self, delay: Duration, message: M)
    where
        A: Handles<M>,
    {
        let mut message = Some(message);
        self.set_timer(delay, None, move || message.take());
    }

    fn set_timer<M: Send + 'static>(
        &self,
        delay: Duration,
        period: Option<Duration>,
        next: impl FnMut() -> Option<M> + Send + 'static,
    ) where
        A: Handles<M>,
    {
        let send = WeakRef::new(&self.cell).__weak();
        let send = move |message, wanted| send(message, Timer(wanted));
        self.cell.note_timer(Timers::send(self.cell.kernel_ref(), delay, period, next, send));
    }
}

impl<A: Actor> fmt::Debug for Context<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("pid", &self.pid()).field("incarnation", &self.incarnation()).finish()
    }
}

/// The actor that spawned a child: it ends it, and does not restart it.
struct Parent {
    pid: ProcessId,
    cell: Weak<dyn AnyCell>,
}

impl Owner for Parent {
    fn pid(&self) -> ProcessId {
        self.pid
    }

    fn child_ended(&self, _: ChildEnd<'_>) -> bool {
        false
    }

    fn adopt(&self, pid: ProcessId, declared: bool) -> bool {
        self.cell.upgrade().is_some_and(|cell| cell.own(pid, declared))
    }

    fn child_gone(&self, pid: ProcessId) {
        if let Some(cell) = self.cell.upgrade() {
            cell.disown(pid);
        }
    }
}

/// Puts an actor on the list of an event type. False when it has ended.
pub(crate) fn subscribe<A: Handles<E>, E: Clone + Send + 'static>(
    kernel: &Arc<Kernel>,
    cell: &Arc<Cell<A>>,
    declared: bool,
) -> bool {
    let weak = Arc::downgrade(cell);
    let deliver = Arc::new(move |letter: Letter<E>| {
        let Some(cell) = weak.upgrade() else { return Delivered::Gone };
        match cell.post(<A as Handles<E>>::into_mail(letter), false) {
            Posted::Done => Delivered::Taken,
            Posted::Waits(_) => Delivered::Lost,
            // Nobody but the bus can drop it, and its publisher has others to reach.
            Posted::Full(mail) => {
                let _ = discard(mail);
                Delivered::Lost
            }
            Posted::Stopped(mail) => {
                let _ = discard(mail);
                Delivered::Gone
            }
        }
    });
    let fresh = cell.note_subscription(Subscription {
        event: std::any::TypeId::of::<E>(),
        declared,
        kernel: Arc::downgrade(kernel),
        cancel: |kernel, subscriber| kernel.bus.unsubscribe::<E>(subscriber),
    });
    match fresh {
        None => false,
        Some(false) => true,
        Some(true) => {
            let subscriber = LinkKey::of(&**cell);
            let weak: Weak<dyn AnyCell> = Arc::downgrade(cell) as Weak<Cell<A>>;
            kernel.bus.subscribe::<E>(subscriber, weak, deliver);
            if !cell.is_alive() {
                // It ended in between, and has cleaned up before there was anything to clean.
                kernel.bus.unsubscribe::<E>(subscriber);
                kernel.bus.forget(subscriber);
            }
            true
        }
    }
}

/// Takes an actor off the list of an event type.
pub(crate) fn unsubscribe<A: Actor, E: Send + 'static>(kernel: &Arc<Kernel>, cell: &Arc<Cell<A>>) {
    cell.forget_subscription(std::any::TypeId::of::<E>(), kernel);
    kernel.bus.unsubscribe::<E>(LinkKey::of(&**cell));
}

/// A handler may lend `&ctx` to an async function.
#[expect(dead_code, reason = "it is checked by being compiled")]
fn is_shareable<A: Actor>() {
    fn is_sync<T: Sync>() {}
    is_sync::<Context<A>>();
}
