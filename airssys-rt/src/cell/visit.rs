//! A task that begins on somebody else's poll: its first poll costs no hop, and Tokio gets it only if it is not done by then.
//!
//! An ask of an async handler on an idle actor begins one with its message in hand, and so does a hand-over of one message to such
//! a handler. The handler's future has to lie still from its first poll on, so it is boxed, and little else is, since that is made
//! each time.
//!
//! Rules:
//!
//! 1. The phase is `Running` before a visit with a message begins; the visit takes the turn, and gives both back.
//! 2. Where the actor has a task that is parked, the visitor keeps that one's waker (and so its wake) while it runs. Not done
//!    after its first poll, the message is adopted: the parked task goes on with it in its own place. So there is one task still.
//! 3. Whatever is unusual (a failure, an end, plain messages in between) is left to the loop of every task.

use std::cell::Cell as Place;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Instant;

use crate::actor::Actor;
use crate::context::Context;
use crate::error::ActorResult;
use crate::instrument;
use crate::kernel::{Task, count};
use crate::letter::Letter;
use crate::mail::Mail;
use crate::reply::{Answer, Port};

use super::gate::{Locked, is_sampled};
use super::guard::Interrupt;
use super::handle::{Record, finish_async};
use super::pace::{BUDGET, Pace};
use super::relay::{self, Hosting, host_for};
use super::run::{self, VISIT, Worker, lifetime, take_turn, visit};
use super::state::{Linger, Phase};
use super::{Action, Cell, Stopped, Trouble};

/// How deep tasks may begin within tasks.
const DEEPEST: u32 = 4;
/// How many places a buffer may keep that the visit leaves behind.
const KEPT: usize = 4;

thread_local! {
    /// How many tasks were begun on this thread's stack.
    static VISITS: Place<u32> = const { Place::new(0) };
}

impl<A: Actor> Cell<A> {
    /// Handles a message that its asker waits for and whose handler is async: at once, if the actor is idle. The asker has
    /// nothing else to do.
    pub(super) fn attend(
        self: &Arc<Self>,
        message: A::Message,
        port: Arc<dyn Port>,
        poll: usize,
    ) -> Result<(), Letter<A::Message>> {
        if !A::CONFIG.allows_inline()
            || VISITS.get() >= DEEPEST
            || A::is_plain(&message)
            || !(self.kernel.is_quietly_here(poll) || self.may_begin_simulated())
        {
            return Err(Letter::asked(message, port));
        }
        self.count_as_long();
        // What this thread was about to bring it goes first.
        relay::deliver_to(self);
        let mut state = self.wait_a_moment(self.state.lock());
        let may = self.admits_guests(&state);
        let parked = match state.phase {
            Phase::Idle if may && !state.task => None,
            // Rule 2.
            Phase::Idle if may && state.asleep && state.waker.is_some() => state.waker.take(),
            _ => {
                drop(state);
                return Err(Letter::asked(message, port));
            }
        };
        state.phase = Phase::Running;
        state.task = true;
        state.asleep = false;
        state.count_accepted(1, &self.kernel);
        let sample = is_sampled(state.handled);
        drop(state);
        host_for(&self.kernel, Pace::Short, || {
            self.begin_visit(message, Some(port), parked, sample);
        });
        Ok(())
    }

    /// Handles the one queued message here, where its handler is async; anything else goes by the loop of every task. The
    /// actor is scheduled, and its task owed what `action` says.
    pub(super) fn visit_queued(self: &Arc<Self>, mut state: Locked<'_, A>, action: Action) {
        let sample = is_sampled(state.handled);
        // Of several, a task's loop makes less than as many visits.
        let may = state.mailbox.len() == 1
            && VISITS.get() < DEEPEST
            && self.kernel.schedule.is_none()
            && self.is_next_async(&state)
            && state.more_if_any().is_none_or(|more| more.verdict.is_none())
            // Rule 2.
            && matches!(action, Action::Wake(_)) == state.waker.is_some();
        let next = if may { state.mailbox.pop() } else { None };
        match next {
            Some(Mail::Message(Letter { message, port })) => {
                state.note_use();
                state.phase = Phase::Running;
                let parked = state.waker.take();
                drop(state);
                drop(action);
                self.begin_visit(message, port, parked, sample);
            }
            // It was none, as was seen under the same lock.
            Some(errand @ Mail::Other(_)) => {
                state.mailbox.push_front(errand);
                drop(state);
                self.depart(action);
            }
            None => {
                drop(state);
                match action {
                    Action::Spawn => self.visit(sample),
                    action => self.depart(action),
                }
            }
        }
    }

    /// Whether nothing is unusual, and the first in the mailbox is a message of an async handler that is still wanted.
    fn is_next_async(&self, state: &Locked<'_, A>) -> bool {
        let is_async = |mail: &Mail<A>| match mail {
            Mail::Message(Letter { message, port }) => {
                !A::is_plain(message) && port.as_ref().is_none_or(|port| !port.is_expired())
            }
            Mail::Other(_) => false,
        };
        self.signal.load(Ordering::Acquire) == 0
            && !state.mailbox.has_waiting()
            && state.mailbox.iter().next().is_some_and(is_async)
    }

    #[inline]
    fn begin_visit(
        self: &Arc<Self>,
        message: A::Message,
        port: Option<Arc<dyn Port>>,
        parked: Option<Waker>,
        sample: bool,
    ) {
        if sample {
            self.timed(|| self.begin_with(message, port, parked));
        } else {
            self.begin_with(message, port, parked);
        }
    }

    #[cold]
    fn may_begin_simulated(&self) -> bool {
        self.kernel.is_here()
            && self.kernel.schedule.as_ref().is_some_and(|schedule| schedule.runs_at_once(self.pid))
    }

    #[inline]
    fn begin_with(
        self: &Arc<Self>,
        message: A::Message,
        port: Option<Arc<dyn Port>>,
        mut parked: Option<Waker>,
    ) {
        let mut task = Box::pin(visited(self.clone(), message, port));
        let polled = poll_here(task.as_mut()).map(|done| self.settle(done, &mut parked, true));
        if matches!(polled, Poll::Ready(Rest::Done)) {
            return;
        }
        self.go_on(task, visited, polled, parked);
    }

    /// Whatever is not done at once.
    #[inline(never)]
    fn go_on<F>(
        self: &Arc<Self>,
        mut task: Pin<Box<F>>,
        visited: impl Fn(Arc<Self>, A::Message, Option<Arc<dyn Port>>) -> F,
        mut polled: Poll<Rest<A>>,
        mut parked: Option<Waker>,
    ) where
        F: Future<Output = Done<A>> + Send + 'static,
    {
        let mut left = VISIT;
        loop {
            match (polled, parked) {
                (Poll::Ready(Rest::Done), _) => return,
                (Poll::Ready(Rest::Next(message, port)), waker) => {
                    left -= 1;
                    parked = waker;
                    task.set(visited(self.clone(), message, port));
                    polled = poll_here(task.as_mut()).map(|done| self.settle(done, &mut parked, left > 0));
                }
                (Poll::Ready(Rest::Loop), _) => {
                    drop(task);
                    return self.begin_here(lifetime(Worker::new(self.clone(), left.max(1), true)));
                }
                (Poll::Pending, waker) => {
                    let mut state = self.state.lock();
                    // Rule 2, unless the runtime, which goes away, has dropped the parked task meanwhile.
                    if let Some(waker) = waker.filter(|_| state.task) {
                        state.rare().adopted = Some(task);
                        drop(state);
                        relay::note_gone();
                        return waker.wake();
                    }
                    state.task = true;
                    drop(state);
                    let onward = onward(self.clone(), task);
                    relay::note_gone();
                    return self.kernel.spawn_actor(self, Hosting::new(self.kernel.clone(), onward));
                }
            }
        }
    }

    /// Begins the actor's own task here.
    pub(super) fn visit(self: &Arc<Self>, sample: bool) {
        let begin = || self.begin_here(visit(self.clone()));
        if sample { self.timed(begin) } else { begin() }
    }

    fn begin_here(self: &Arc<Self>, task: impl Future<Output = ()> + Send + 'static) {
        let mut task: Task = Box::pin(task);
        if poll_here(task.as_mut()).is_pending() {
            relay::note_gone();
            self.kernel.spawn_actor(self, Hosting::new(self.kernel.clone(), task));
        }
    }

    /// The parked task has done what it adopted, and goes on with its loop.
    pub(super) fn take_over(self: &Arc<Self>, done: Done<A>) {
        let rough = match done {
            Done::Smooth => Rough { handled: 1, trouble: None, batch: VecDeque::new() },
            Done::Rough(rough) => *rough,
        };
        self.leave_to_task(rough.batch, rough.handled, rough.trouble, Action::Nothing);
    }

    #[cold]
    fn timed(&self, begin: impl FnOnce()) {
        let began = Instant::now();
        begin();
        self.note_visit(began.elapsed());
    }

    /// After a message of a visit, the turn given back: what is next.
    fn settle(self: &Arc<Self>, done: Done<A>, parked: &mut Option<Waker>, may_go_on: bool) -> Rest<A> {
        let handled = match done {
            Done::Smooth => 1,
            Done::Rough(rough) => return self.settle_rough(*rough, parked),
        };
        let mut state = self.state.lock();
        state.count_handled(handled, &self.kernel);
        if !state.mailbox.is_at_rest() || self.signal.load(Ordering::Acquire) != 0 {
            return self.settle_busy(state, parked, may_go_on);
        }
        match parked.take() {
            None if state.lingers() => {
                // A supervisor's task stays: this is it.
                state.phase = Phase::Scheduled;
                return Rest::Loop;
            }
            None => {
                state.phase = Phase::Idle;
                state.mailbox.shrink(KEPT * size_of::<Mail<A>>());
                state.linger = state.linger.cooler();
                state.leave();
            }
            Some(waker) => {
                state.phase = Phase::Idle;
                state.mailbox.shrink(run::KEPT);
                state.waker = Some(waker);
                state.asleep = true;
                state.note_use();
                if state.linger == Linger::Leave {
                    let action = state.wake();
                    drop(state);
                    self.act(action);
                }
            }
        }
        Rest::Done
    }

    /// Something came meanwhile.
    #[inline(never)]
    fn settle_busy(
        self: &Arc<Self>,
        mut state: Locked<'_, A>,
        parked: &mut Option<Waker>,
        may_go_on: bool,
    ) -> Rest<A> {
        if may_go_on
            && self.is_next_async(&state)
            && let Some(mail) = state.mailbox.pop()
        {
            match mail {
                Mail::Message(Letter { message, port }) => return Rest::Next(message, port),
                // Looked at under the same lock, it is none.
                errand @ Mail::Other(_) => state.mailbox.push_front(errand),
            }
        }
        drop(state);
        self.leave_visit(VecDeque::new(), 0, None, parked)
    }

    #[cold]
    fn settle_rough(self: &Arc<Self>, rough: Rough<A>, parked: &mut Option<Waker>) -> Rest<A> {
        let Rough { handled, trouble, batch } = rough;
        self.leave_visit(batch, handled, trouble, parked)
    }

    /// Rule 3.
    fn leave_visit(
        self: &Arc<Self>,
        batch: VecDeque<Mail<A>>,
        handled: u32,
        trouble: Option<Trouble>,
        parked: &mut Option<Waker>,
    ) -> Rest<A> {
        match parked.take() {
            None => {
                self.leave_to_task(batch, handled, trouble, Action::Nothing);
                Rest::Loop
            }
            Some(waker) => {
                self.leave_to_task(batch, handled, trouble, Action::Wake(waker));
                Rest::Done
            }
        }
    }
}

/// What wakes the task meanwhile wakes nobody: whoever gets it polls it anyway.
#[inline]
fn poll_here<F: Future + ?Sized>(task: Pin<&mut F>) -> Poll<F::Output> {
    VISITS.set(VISITS.get() + 1);
    let polled = task.poll(&mut TaskContext::from_waker(Waker::noop()));
    VISITS.set(VISITS.get() - 1);
    polled
}

/// What came of one message of a visit.
pub(super) enum Done<A: Actor> {
    /// It was answered, and nothing else is to be done.
    Smooth,
    Rough(Box<Rough<A>>),
}

pub(super) struct Rough<A: Actor> {
    handled: u32,
    trouble: Option<Trouble>,
    /// What the handler wants done first.
    batch: VecDeque<Mail<A>>,
}

/// What a visit does next.
enum Rest<A: Actor> {
    /// The actor is idle, or its parked task goes on.
    Done,
    /// Another message with an async handler.
    Next(A::Message, Option<Arc<dyn Port>>),
    /// The loop of every task.
    Loop,
}

/// Handles one message of a visit, whose phase says that it runs. The turn is given back in the end, the phase is not.
fn visited<A: Actor>(
    cell: Arc<Cell<A>>,
    message: A::Message,
    port: Option<Arc<dyn Port>>,
) -> impl Future<Output = Done<A>> + Send + 'static {
    // Made before the first poll: a task that is dropped unpolled has to clean up, too.
    let mut visitor = Visitor { cell, gone: false };
    async move {
        let deadline = port.as_ref().and_then(|port| port.deadline());
        let room = instrument::is_on().then(|| visitor.cell.room(port.as_deref()));
        let mut ctx = Context::answering(visitor.cell.clone(), Answer::of(port));
        let mut seat = take_turn(&visitor.cell);
        let mut outcome = Err(Interrupt::Dropped);
        if let Some(trouble) = visitor.cell.simulated(&mut ctx, Record::of_message::<A>()) {
            drop(seat);
            visitor.leave();
            return Done::Rough(Box::new(Rough {
                handled: 0,
                trouble: Some(trouble),
                batch: VecDeque::new(),
            }));
        }
        // Without a state only by a broken rule.
        if let Some(actor) = seat.as_mut() {
            // Called within: by hand, a handler may do something before it gives its future.
            let handling = async { Actor::handle(actor, message, &mut ctx).await };
            outcome = visitor.cell.guarded(deadline, room, handling).await;
        }
        drop(seat);
        visitor.leave();
        if matches!(outcome, Ok(Ok(()))) && ctx.is_smooth() {
            std::mem::forget(outcome);
            visitor.cell.count_told_errors();
            ctx.put_down();
            return Done::Smooth;
        }
        Done::Rough(Box::new(rough(&visitor.cell, ctx, outcome)))
    }
}

#[cold]
fn rough<A: Actor>(
    cell: &Arc<Cell<A>>,
    mut ctx: Context<A>,
    outcome: Result<ActorResult<()>, Interrupt>,
) -> Rough<A> {
    let record = Record::of_message::<A>();
    let mut handled = 0;
    let trouble = match finish_async(cell, &mut ctx, outcome, record, &mut handled) {
        // Dropped by a signal, which is seen by who goes on.
        Ok(()) | Err(Stopped::Dropped) => None,
        Err(Stopped::Trouble(met)) => Some(met),
    };
    let mut batch = VecDeque::new();
    ctx.follow_up(&mut batch);
    Rough { handled, trouble, batch }
}

/// What a visit leaves behind when it is dropped before its end: nothing.
struct Visitor<A: Actor> {
    cell: Arc<Cell<A>>,
    gone: bool,
}

impl<A: Actor> Visitor<A> {
    fn leave(&mut self) {
        self.gone = true;
    }

    #[cold]
    fn abandon(&self) {
        count(&self.cell.kernel.totals.lost_in_hand, 1);
        self.cell.abandoned(true, &mut VecDeque::new(), 0);
    }
}

impl<A: Actor> Drop for Visitor<A> {
    #[inline]
    fn drop(&mut self) {
        if !self.gone {
            self.abandon();
        }
    }
}

/// The task that Tokio gets of a message which is not done after its first poll.
async fn onward<A: Actor, F: Future<Output = Done<A>>>(cell: Arc<Cell<A>>, task: Pin<Box<F>>) {
    let done = task.await;
    if !matches!(cell.settle(done, &mut None, false), Rest::Done) {
        // Boxed, since it is rare and would make every visit large.
        Box::pin(lifetime(Worker::new(cell, BUDGET, true))).await;
    }
}
