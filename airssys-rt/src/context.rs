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

/// What a handler gets besides its message: the actor's own side of the runtime.
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

    /// Whether nothing came of the message in hand but its answer, which is given.
    #[inline]
    pub(crate) fn is_smooth(&mut self) -> bool {
        self.wishes.get().is_none() && self.answer.get().is_gone()
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

    /// The actor's id.
    #[must_use]
    pub fn pid(&self) -> ProcessId {
        self.cell.pid()
    }

    /// The number of this incarnation, counted from 1.
    #[must_use]
    pub fn incarnation(&self) -> u32 {
        self.cell.incarnation()
    }

    /// A reference to the actor itself.
    #[must_use]
    pub fn this(&self) -> ActorRef<A> {
        ActorRef::new(self.cell.clone())
    }

    /// The system it lives in.
    #[must_use]
    pub fn system(&self) -> System {
        System::of(self.cell.kernel_ref().clone())
    }

    /// Where the answer of the message in hand goes.
    pub fn answer(&mut self) -> &mut Answer<'static> {
        self.answer.get()
    }

    /// Ends the actor after the message in hand, with [`ExitReason::Normal`].
    pub fn stop(&mut self) {
        self.stop_with(ExitReason::Normal);
    }

    /// Ends the actor after the message in hand, in an orderly way, with a word about why.
    pub fn shutdown_with(&mut self, detail: impl Into<Arc<str>>) {
        self.stop_with(ExitReason::ShutdownWith { detail: detail.into() });
    }

    /// Makes the message in hand a failure of the actor, once its handler returns.
    pub fn fail(&mut self, error: impl Into<ActorError>) {
        self.wish().failure = Some(error.into());
    }

    /// Runs a future beside the actor; it is dropped when the incarnation ends. A panic in it is traced.
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.cell.spawn_task(future);
    }

    /// Runs a future beside the actor and handles its result as a message, which takes no room.
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
    /// the start handler among them. Several are handled in the order of the calls.
    pub fn continue_with<M: Send + 'static>(&mut self, message: M)
    where
        A: Handles<M>,
    {
        self.wish().next.push(Mail::follow_up(message));
    }

    /// Handles every item of a stream as a message, waiting for room in the mailbox; dropped with the
    /// incarnation. A stream keeps no actor alive.
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

    /// Watches an actor: its end for good arrives at the `down` handler, after all that it had sent.
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

    /// Takes a monitor back. A notice that is queued already will not be handled.
    pub fn demonitor(&self, monitor: MonitorId) {
        self.cell.unwatch(monitor);
    }

    /// Links the two actors: when one fails, the other ends with the same reason, at its next await, or gets it at
    /// its `exit` handler. A link outlives restarts and fires at each failure.
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

    /// Takes a link back.
    pub fn unlink(&self, other: &impl HasProcess) {
        if let Some(other) = other.__process() {
            self.cell.remove_link(LinkKey::of(&*other.0));
            other.0.remove_link(LinkKey::of(&*self.cell));
        }
    }

    /// Spawns an actor that ends with this incarnation.
    pub fn spawn_child<B: Actor>(&self, child: B) -> ActorRef<B> {
        let kernel = self.cell.kernel_ref();
        let pid = kernel.table.next_pid();
        let cell = Cell::new(kernel.clone(), pid, Some(child));
        let parent: Arc<dyn AnyCell> = self.cell.clone();
        let owner = Parent { pid: self.pid(), cell: Arc::downgrade(&parent) };
        cell.with_rare(|rare| rare.owner = Some(Arc::new(Box::new(owner))));
        kernel.table.insert(cell.clone());
        parent.own(pid, false);
        let actor = ActorRef::new(cell);
        actor.cell.begin();
        actor
    }

    /// Handles every event of type `E` published from now on. A second call changes nothing.
    ///
    /// Lasts until the incarnation ends; `#[handler(event)]` subscribes every one.
    pub fn subscribe<E: Clone + Send + 'static>(&mut self)
    where
        A: Handles<E>,
    {
        subscribe::<A, E>(self.cell.kernel_ref(), &self.cell, self.preparing);
    }

    /// Handles no more events of type `E`, but for those that are queued already.
    pub fn unsubscribe<E: Send + 'static>(&mut self) {
        unsubscribe::<A, E>(self.cell.kernel_ref(), &self.cell);
    }

    /// Joins a group of the system: see [`Groups`](crate::Groups). A second call changes nothing.
    ///
    /// Lasts until the actor leaves or has ended for good, through its restarts, too: an actor that joins at its
    /// start need not remember whether it was a member.
    pub fn join(&self, group: impl Into<Arc<str>>) {
        groups::join(self.cell.kernel_ref(), group.into(), &self.cell);
    }

    /// Leaves a group of the system. False when the actor was no member. A message told to the group that is queued
    /// already is handled.
    pub fn leave(&self, group: &str) -> bool {
        groups::leave(self.cell.kernel_ref(), group, &self.cell)
    }

    /// Publishes an event on the system's bus. Returns how many subscribers took it. Never waits.
    pub fn publish<E: Clone + Send + 'static>(&self, event: E) -> usize {
        self.cell.kernel_ref().bus.publish(event)
    }

    /// Publishes an event on the system's bus and waits until every subscriber has handled it: see
    /// [`EventBus::publish_and_wait`](crate::EventBus::publish_and_wait).
    pub fn publish_and_wait<E: Clone + Send + 'static>(&self, event: E) -> PublishAndWait<E> {
        PublishAndWait::new(self.cell.kernel_ref().clone(), event)
    }

    /// Handles `message` every `period`, from one period on until the incarnation ends: on a grid, without bursts.
    ///
    /// # Panics
    /// When `period` is zero.
    pub fn every<M: Clone + Send + 'static>(&mut self, period: Duration, message: M)
    where
        A: Handles<M>,
    {
        assert!(!period.is_zero(), "a timer needs a period longer than zero");
        self.set_timer(period, Some(period), move || Some(message.clone()));
    }

    /// Handles `message` once, `delay` from now, unless the incarnation has ended by then.
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
