//! The loop of one actor's task: take the turn, run what is queued, park or leave.
//!
//! The task exists only while there is work, and lingers while the actor is hot. Plain handlers run
//! in a synchronous loop; the async function is surfaced to for an async handler alone, which is
//! awaited in place, without a box.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use crate::actor::Actor;
use crate::config::BackpressureStrategy;
use crate::context::Context;
use crate::error::{ActorError, ActorResult, ErrorAction, discard, panic_text};
use crate::exit::ExitReason;
use crate::instrument;
use crate::kernel::count;
use crate::mail::Mail;
use crate::mailbox::Item;
use crate::process::AnyCell;
use crate::seat::Turn;

use super::ending::End;
use super::guard::Interrupt;
use super::handle::{Step, Stopped, Trouble, run_async, run_plain};
use super::state::{Failure, Launch, Linger, Phase, State};
use super::{Cell, signal};

/// How many messages are handled before other tasks get their turn.
const BUDGET: u32 = 256;
/// A mailbox buffer of an idle actor larger than this is given back.
const KEPT: usize = 64;

/// What the task found to do.
enum Work<A: Actor> {
    /// The turn is its own; if that is the reason, with what an asker left to it.
    Turn(Option<Trouble>),
    Launch(Box<Launch<A>>),
    Leave,
}

/// The task of a cell. Dropped before its end (the runtime goes away), it leaves nothing behind.
struct Worker<A: Actor> {
    cell: Arc<Cell<A>>,
    batch: VecDeque<Mail<A>>,
    handled: u32,
    /// Whether a counted message is in hand at an await.
    hand: bool,
    left: bool,
}

impl<A: Actor> Drop for Worker<A> {
    fn drop(&mut self) {
        if !self.left {
            count(&self.cell.kernel.totals.lost_in_hand, u64::from(self.hand));
            self.cell.abandoned(&mut self.batch, self.handled);
        }
    }
}

pub(super) fn live<A: Actor>(cell: Arc<Cell<A>>) -> impl Future<Output = ()> + Send + 'static {
    // Made before the first poll: a task that is dropped unpolled has to clean up, too.
    work(Worker { cell, batch: VecDeque::new(), handled: 0, hand: false, left: false })
}

async fn work<A: Actor>(mut worker: Worker<A>) {
    let cell = worker.cell.clone();
    let mut ctx = Context::new(cell.clone());
    loop {
        let batch = &mut worker.batch;
        let work = std::future::poll_fn(|cx| cell.poll_work(cx, batch)).await;
        match work {
            Work::Turn(verdict) => {
                if worker.turn(&cell, &mut ctx, verdict).await {
                    // At rest already, with the waker in place: the next look is the next wake's.
                    suspend().await;
                    continue;
                }
            }
            // Boxed, since it is rare and would make every task large.
            Work::Launch(launch) => Box::pin(worker.launch(&cell, &mut ctx, *launch)).await,
            Work::Leave => break,
        }
        if worker.batch.capacity() > KEPT {
            worker.batch = VecDeque::new();
        }
    }
    worker.left = true;
}

impl<A: Actor> Cell<A> {
    fn poll_work(
        self: &Arc<Self>,
        cx: &mut std::task::Context<'_>,
        batch: &mut VecDeque<Mail<A>>,
    ) -> Poll<Work<A>> {
        let mut joined = false;
        loop {
            let mut state = self.state.lock();
            match state.phase {
                Phase::Scheduled => {
                    state.phase = Phase::Running;
                    state.asleep = false;
                    if state.linger == Linger::In {
                        state.linger = Linger::Used;
                    }
                    let verdict = state.more_if_any().and_then(|more| more.verdict.take());
                    let plain_swap = self.mailbox_config().backpressure != BackpressureStrategy::DropOldest;
                    if plain_swap && !state.mailbox.has_waiting() {
                        let ahead = state.mailbox.swap(batch);
                        self.ahead.store(ahead, Ordering::Relaxed);
                    }
                    return Poll::Ready(Work::Turn(verdict));
                }
                Phase::Starting => {
                    let launch = state.rare.as_mut().and_then(|rare| rare.launch.take());
                    if let Some(launch) = launch {
                        return Poll::Ready(Work::Launch(launch));
                    }
                }
                Phase::Ended => {
                    state.leave();
                    return Poll::Ready(Work::Leave);
                }
                Phase::Idle => {
                    state.mailbox.shrink(KEPT);
                    let leaves = match state.linger {
                        Linger::In | Linger::Used => false,
                        Linger::Out if joined => {
                            state.linger = Linger::In;
                            false
                        }
                        Linger::Out => {
                            // Rule 5: the line looks at other cells.
                            drop(state);
                            let weak = Arc::downgrade(self);
                            if self.kernel.linger.join(weak) {
                                joined = true;
                                continue;
                            }
                            let mut state = self.state.lock();
                            if state.phase != Phase::Idle {
                                continue;
                            }
                            state.leave();
                            return Poll::Ready(Work::Leave);
                        }
                        Linger::Leave => true,
                    };
                    if leaves {
                        state.linger = Linger::Out;
                        state.leave();
                        return Poll::Ready(Work::Leave);
                    }
                }
                Phase::Running | Phase::Down | Phase::Unborn => {}
            }
            state.fall_asleep(cx);
            return Poll::Pending;
        }
    }
}

impl<A: Actor> State<A> {
    /// The task goes; the next one is spawned on need.
    fn leave(&mut self) {
        self.task = false;
        self.asleep = false;
        self.waker = None;
    }
}

impl<A: Actor> Worker<A> {
    async fn launch(&mut self, home: &Arc<Cell<A>>, ctx: &mut Context<A>, launch: Launch<A>) {
        let Launch { make, started } = launch;
        let Some(mut seat) = home.seat.try_take() else {
            // The one before never yielded and still runs: rule 2 of the cell forbids a second one.
            home.not_started(Failure::Overlap, started);
            return;
        };
        let incarnation = home.incarnation.fetch_add(1, Ordering::AcqRel) + 1;
        ctx.renew();
        let outcome = async {
            if let Some(make) = make {
                let make = home.guarded(None, None, make).await;
                *seat = Some(settled(home, make)?);
            }
            let Some(actor) = seat.as_mut() else { return Err(Failure::Overlap) };
            let prepared = catch_unwind(AssertUnwindSafe(|| ctx.prepare()));
            if let Err(payload) = prepared {
                return Err(Failure::Error(ActorError::panic(payload)));
            }
            if A::STARTS {
                settled(home, home.guarded(None, None, actor.on_start(ctx)).await)?;
            }
            match ctx.failure.take() {
                Some(error) => Err(Failure::Error(error)),
                None => Ok(()),
            }
        }
        .await;
        match outcome {
            Ok(()) => {
                instrument::started(
                    home.pid,
                    home.name().as_deref(),
                    std::any::type_name::<A>(),
                    incarnation,
                );
                let stop = ctx.stop.take();
                ctx.follow_up(&mut self.batch);
                {
                    let mut state = home.state.lock();
                    state.phase = Phase::Running;
                }
                if let Some(started) = started {
                    let _ = started.send(Ok(()));
                }
                match stop {
                    Some(reason) => {
                        let end = End { reason, hook: true, escalate: false };
                        self.end(home, seat, ctx, end).await;
                    }
                    None => {
                        self.turn_with(home, seat, ctx, None).await;
                    }
                }
            }
            Err(failure) => {
                let reason = failure.reason();
                instrument::start_failed(
                    home.pid,
                    home.name().as_deref(),
                    std::any::type_name::<A>(),
                    &reason,
                );
                home.end_incarnation(ctx);
                home.drop_state(&mut seat);
                drop(seat);
                home.reap().await;
                home.not_started(failure, started);
            }
        }
    }

    /// True when the actor is at rest and the task may wait for the next wake.
    async fn turn(&mut self, home: &Arc<Cell<A>>, ctx: &mut Context<A>, verdict: Option<Trouble>) -> bool {
        let mut tries = 0_u32;
        let seat = loop {
            match home.seat.try_take() {
                Some(seat) => break seat,
                None => {
                    // An asker is about to give it back (rule 2).
                    tries += 1;
                    if tries.is_multiple_of(64) {
                        crate::yields::yield_now().await;
                    }
                    std::hint::spin_loop();
                }
            }
        };
        self.turn_with(home, seat, ctx, verdict).await
    }

    /// Handles what is queued; returns when the actor is idle or the incarnation is over.
    ///
    /// True when the actor is at rest and the task may wait for the next wake.
    async fn turn_with<'h>(
        &mut self,
        home: &'h Arc<Cell<A>>,
        mut seat: Turn<'h, A>,
        ctx: &mut Context<A>,
        mut trouble: Option<Trouble>,
    ) -> bool {
        let mut budget = BUDGET;
        loop {
            if let Some(met) = trouble.take()
                && let Some(end) = self.resolve(home, &mut seat, ctx, met).await
            {
                self.end(home, seat, ctx, end).await;
                return false;
            }
            let Some(actor) = seat.as_mut() else {
                // Nothing to run: only a broken rule 2 gets here. End rather than hang.
                let end = End { reason: ExitReason::Killed, hook: false, escalate: false };
                self.end(home, seat, ctx, end).await;
                return false;
            };
            match run_plain(home, actor, ctx, &mut self.batch, &mut budget, &mut self.handled) {
                Step::Drained => match self.refill(home, seat) {
                    Refill::More(kept) => seat = kept,
                    Refill::Ends(kept, end) => {
                        self.end(home, kept, ctx, end).await;
                        return false;
                    }
                    Refill::Rest(may_wait) => return may_wait,
                },
                Step::Budget => {
                    budget = BUDGET;
                    crate::yields::yield_now().await;
                }
                Step::Signalled => {
                    let end = home.signalled();
                    self.end(home, seat, ctx, end).await;
                    return false;
                }
                Step::Async(mail) => {
                    match run_async(home, &mut self.batch, &mut self.hand, actor, ctx, mail).await {
                        Ok(handled) => self.handled += handled,
                        Err(Stopped::Trouble(met)) => trouble = Some(met),
                        Err(Stopped::Dropped) => {
                            let end = home.signalled();
                            self.end(home, seat, ctx, end).await;
                            return false;
                        }
                    }
                }
                Step::Trouble(met) => trouble = Some(met),
            }
        }
    }

    /// Takes out what has come meanwhile, or gives the turn back: in one look at the mailbox.
    fn refill<'h>(&mut self, home: &Arc<Cell<A>>, seat: Turn<'h, A>) -> Refill<'h, A> {
        let config = home.mailbox_config();
        let mut wakers = Vec::new();
        let mut state = home.state.lock();
        state.count_handled(std::mem::take(&mut self.handled), &home.kernel);
        if home.signal.load(Ordering::Acquire) & signal::INTERRUPTS != 0 {
            drop(state);
            return Refill::Ends(seat, home.signalled());
        }
        let mut ahead = 0;
        if config.backpressure == BackpressureStrategy::DropOldest {
            // One at a time: what is evicted has to be the oldest that was not begun.
            if let Some(mail) = state.mailbox.pop() {
                ahead = u32::from(mail.takes_room());
                self.batch.push_back(mail);
            }
        } else {
            ahead = state.mailbox.swap(&mut self.batch);
        }
        home.ahead.store(ahead, Ordering::Relaxed);
        if state.mailbox.has_waiting() {
            let admitted = state.mailbox.admit(config, ahead, &mut wakers);
            state.count_accepted(u32::try_from(admitted).unwrap_or(u32::MAX / 4), &home.kernel);
            home.waiting.store(state.mailbox.has_waiting(), Ordering::SeqCst);
        }
        let refill = if !self.batch.is_empty() || !state.mailbox.is_empty() {
            Refill::More(seat)
        } else if home.signal.load(Ordering::Acquire) & signal::DRAIN != 0 {
            Refill::Ends(seat, End { reason: ExitReason::Normal, hook: true, escalate: false })
        } else {
            // Rule 2: the turn first, then the phase.
            drop(seat);
            state.phase = Phase::Idle;
            let may_wait = matches!(state.linger, Linger::In | Linger::Used) && state.waker.is_some();
            if may_wait {
                state.mailbox.shrink(KEPT);
                state.asleep = true;
            }
            Refill::Rest(may_wait)
        };
        drop(state);
        for waker in wakers {
            waker.wake();
        }
        refill
    }

    /// Asks the error handler. `None` when the actor goes on.
    async fn resolve(
        &mut self,
        home: &Arc<Cell<A>>,
        seat: &mut Turn<'_, A>,
        ctx: &mut Context<A>,
        trouble: Trouble,
    ) -> Option<End> {
        let (error, message, counted) = match trouble {
            Trouble::Stop(reason) => return Some(End { reason, hook: true, escalate: false }),
            Trouble::Failed { error, message, counted } => (error, message, u64::from(counted)),
        };
        count(&home.kernel.totals.failures, 1);
        let name = home.name();
        instrument::crashed(home.pid, name.as_deref(), std::any::type_name::<A>(), message, &error);
        let panicked = error.is_panic();
        let reason = error.reason();
        let action = match seat.as_mut() {
            None => ErrorAction::Restart,
            Some(actor) => match home.guarded(None, None, actor.on_error(&error, ctx)).await {
                Ok(action) => action,
                Err(Interrupt::Dropped) => {
                    count(&home.kernel.totals.lost_in_hand, counted);
                    let _ = discard(error);
                    return Some(home.signalled());
                }
                Err(Interrupt::Panicked(payload)) => {
                    let _ = discard(error);
                    let text = panic_text(payload);
                    instrument::hook_failed(home.pid, std::any::type_name::<A>(), "error", &text);
                    let reason = ExitReason::Panicked { message: text };
                    count(&home.kernel.totals.lost_in_hand, counted);
                    return Some(End { reason, hook: false, escalate: false });
                }
            },
        };
        // An error of the user's type: its destructor is foreign code.
        let _ = discard(error);
        if action == ErrorAction::Resume && !panicked {
            // Handled, with a failure for an answer.
            self.handled += counted as u32;
            ctx.renew();
            return None;
        }
        count(&home.kernel.totals.lost_in_hand, counted);
        let end = match action {
            ErrorAction::Stop => End { reason: ExitReason::Normal, hook: !panicked, escalate: false },
            ErrorAction::Escalate => End { reason, hook: !panicked, escalate: true },
            ErrorAction::Resume | ErrorAction::Restart => End { reason, hook: !panicked, escalate: false },
        };
        Some(end)
    }

    async fn end<'h>(&mut self, home: &'h Arc<Cell<A>>, seat: Turn<'h, A>, ctx: &mut Context<A>, end: End) {
        let reason = Box::pin(home.finish(seat, ctx, end)).await;
        home.over(reason.0, reason.1, &mut self.batch, std::mem::take(&mut self.handled));
    }
}

enum Refill<'h, A> {
    More(Turn<'h, A>),
    /// The actor is idle; true when its task may wait for the next wake.
    Rest(bool),
    Ends(Turn<'h, A>, End),
}

/// Waits for one wake.
async fn suspend() {
    let mut polled = false;
    std::future::poll_fn(
        |_| {
            if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }
        },
    )
    .await;
}

impl Failure {
    pub(crate) fn reason(&self) -> ExitReason {
        match self {
            Self::Error(error) => error.reason(),
            Self::Killed | Self::Overlap => ExitReason::Killed,
        }
    }
}

fn settled<A: Actor, T>(home: &Cell<A>, outcome: Result<ActorResult<T>, Interrupt>) -> Result<T, Failure> {
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Failure::Error(error)),
        Err(Interrupt::Dropped) => Err(match home.signalled().reason {
            ExitReason::Killed => Failure::Killed,
            reason => Failure::Error(ActorError::exit(reason)),
        }),
        Err(Interrupt::Panicked(payload)) => Err(Failure::Error(ActorError::panic(payload))),
    }
}
