//! The loop of one actor's task: take the turn, run what is queued, park or leave.
//!
//! The task exists only while there is work, and lingers while the actor is hot. Plain handlers run
//! in a synchronous loop; the async function is surfaced to for an async handler alone, which is
//! awaited in place, without a box.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Instant;

use crate::actor::Actor;
use crate::config::BackpressureStrategy;
use crate::context::Context;
use crate::error::{ActorError, ActorResult, ErrorAction, answer, panic_text, wake};
use crate::exit::ExitReason;
use crate::instrument;
use crate::kernel::count;
use crate::letter::Letter;
use crate::mail::Mail;
use crate::mailbox::{Item, shrink_emptied};
use crate::process::AnyCell;
use crate::seat::Turn;
use crate::testing::log::Event;

use super::ending::End;
use super::guard::{Current, Interrupt, acting};
use super::handle::{
    Job, Record, Step, Stopped, Trouble, begin_async, finish_async, handling, handling_told, run_plain,
};
use super::pace::{PART, Pace};
use super::relay::closed;
use super::state::{Adopted, Failure, Launch, Linger, Phase, State};
use super::{Cell, signal};

/// How many messages are handled on somebody else's poll.
pub(super) const VISIT: u32 = 8;
/// One of so many of these is timed, the first among them: runs of plain messages, and told ones of async handlers.
const LOOK: u8 = 16;
/// A buffer of an idle actor larger than this many bytes is given back.
pub(super) const KEPT: usize = 1_024;

/// What the task found to do.
enum Work<A: Actor> {
    /// The turn is its own.
    Turn,
    Launch(Launch<A>),
    /// A message that began to be handled on its asker's poll, and goes on here.
    Adopt(Adopted<A>),
    Leave,
}

/// The task of a cell. Dropped before its end (the runtime goes away), it leaves nothing behind.
pub(super) struct Worker<A: Actor> {
    pub(super) cell: Arc<Cell<A>>,
    pub(super) batch: VecDeque<Mail<A>>,
    pub(super) handled: u32,
    /// What an asker, or the message before, left to deal with.
    pub(super) trouble: Option<Trouble>,
    /// Whether a counted message is in hand at an await.
    pub(super) hand: bool,
    /// Whether it runs the actor, or starts it.
    has_turn: bool,
    left: bool,
    /// How many messages are handled before the first pause.
    patience: u32,
    /// It began on somebody else's poll, and goes when there is nothing more to do.
    visits: bool,
    /// How often it has run plain messages, or a told one of an async handler.
    runs: u8,
    pace: Pace,
    /// The actor as the thread's current one, kept between told messages of async handlers.
    identity: Option<Box<Option<Current>>>,
}

impl<A: Actor> Drop for Worker<A> {
    fn drop(&mut self) {
        if !self.left {
            count(&self.cell.kernel.totals.lost_in_hand, u64::from(self.hand));
            self.cell.abandoned(self.has_turn, &mut self.batch, self.handled);
        }
    }
}

impl<A: Actor> Worker<A> {
    pub(super) fn new(cell: Arc<Cell<A>>, patience: u32, visits: bool) -> Self {
        Self {
            cell,
            batch: VecDeque::new(),
            handled: 0,
            trouble: None,
            hand: false,
            has_turn: false,
            left: false,
            patience,
            visits,
            runs: LOOK - 1,
            pace: Pace::Short,
            identity: None,
        }
    }
}

/// A task of its own.
pub(super) fn live<A: Actor>(cell: Arc<Cell<A>>) -> impl Future<Output = ()> + Send + 'static {
    lifetime(Worker::new(cell, PART, false))
}

/// A task that begins on somebody else's poll, and stays short there.
pub(super) fn visit<A: Actor>(cell: Arc<Cell<A>>) -> impl Future<Output = ()> + Send + 'static {
    lifetime(Worker::new(cell, VISIT, true))
}

/// The worker is made before the first poll: a task that is dropped unpolled has to clean up, too.
pub(super) async fn lifetime<A: Actor>(mut worker: Worker<A>) {
    let cell = worker.cell.clone();
    let mut ctx = Context::new(cell.clone());
    while !worker.left {
        match std::future::poll_fn(|cx| cell.poll_work(cx, &mut worker)).await {
            Work::Turn => {
                let may_wait = worker.turn(&cell, take_turn(&cell), &mut ctx).await;
                worker.has_turn = false;
                if may_wait {
                    // At rest already, with the waker in place: the next look is the next wake's.
                    suspend().await;
                    continue;
                }
            }
            Work::Launch(launch) => {
                // Boxed, since it is rare and would make every task large.
                Box::pin(worker.launch(&cell, &mut ctx, launch)).await;
                worker.has_turn = false;
            }
            Work::Adopt(task) => {
                // Dropped, it cleans up after itself.
                worker.left = true;
                let done = task.await;
                worker.left = false;
                cell.take_over(done);
            }
            Work::Leave => break,
        }
        worker.shrink();
    }
    worker.leave();
}

impl<A: Actor> Cell<A> {
    fn poll_work(self: &Arc<Self>, cx: &mut std::task::Context<'_>, worker: &mut Worker<A>) -> Poll<Work<A>> {
        loop {
            let mut state = self.state.lock();
            match state.phase {
                Phase::Scheduled => {
                    worker.has_turn = true;
                    state.phase = Phase::Running;
                    state.asleep = false;
                    state.note_use();
                    worker.trouble = state.more_if_any().and_then(|more| more.verdict.take());
                    let plain_swap = self.mailbox_config().backpressure != BackpressureStrategy::DropOldest;
                    if plain_swap && !state.mailbox.has_waiting() {
                        self.take_queued(&mut state, &mut worker.batch);
                    }
                    return Poll::Ready(Work::Turn);
                }
                Phase::Starting => {
                    let launch = state.rare.as_mut().and_then(|rare| rare.take_launch());
                    if let Some(launch) = launch {
                        worker.has_turn = true;
                        return Poll::Ready(Work::Launch(launch));
                    }
                }
                Phase::Ended => {
                    state.leave();
                    return Poll::Ready(Work::Leave);
                }
                Phase::Idle => {
                    if state.linger == Linger::Twice && !worker.visits {
                        // Rule 5: the line looks at other cells.
                        drop(state);
                        self.knock();
                        continue;
                    }
                    if !state.lingers() {
                        state.mailbox.shrink(0);
                        if !A::CONFIG.may_block() {
                            // Else the next activation goes to the pool, and a parked task is only a hop more.
                            state.linger = state.linger.cooler();
                        }
                        state.leave();
                        return Poll::Ready(Work::Leave);
                    }
                    state.mailbox.shrink(KEPT);
                }
                Phase::Running => {
                    let adopted = state.rare.as_mut().and_then(|rare| rare.adopted.take());
                    if let Some(task) = adopted {
                        return Poll::Ready(Work::Adopt(task));
                    }
                }
                Phase::Down | Phase::Unborn => {}
            }
            state.fall_asleep(cx);
            return Poll::Pending;
        }
    }
}

impl<A: Actor> Cell<A> {
    /// Knocks at the line of those that linger. Says whether it has a place there.
    pub(super) fn knock(self: &Arc<Self>) -> bool {
        let weak = Arc::downgrade(self);
        let joins = self.kernel.linger.join(weak);
        let mut state = self.state.lock();
        // Noted whatever came meanwhile: it has its place in the line, unless it was let go. Turned away, it
        // counts as active once: it keeps no buffer, and knocks again the next time.
        if state.linger == Linger::Twice {
            state.linger = if joins { Linger::In } else { Linger::Once };
        }
        joins
    }
}

impl<A: Actor> State<A> {
    /// Whether the parked task of the idle actor stays.
    pub(super) fn lingers(&self) -> bool {
        // A supervisor's task is dropped with its runtime, and ends the children then.
        A::SUPERVISES || matches!(self.linger, Linger::In | Linger::Used)
    }

    /// The task goes; the next one is spawned on need.
    pub(super) fn leave(&mut self) {
        self.task = false;
        self.asleep = false;
        self.waker = None;
    }
}

impl<A: Actor> Worker<A> {
    /// The task ends in order: there is nothing to clean up.
    pub(super) fn leave(&mut self) {
        self.left = true;
    }

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
                let began = Instant::now();
                let make = home.guarded(None, None, make).await;
                *seat = Some(settled(home, make)?);
                home.state.lock().starts_fast = home.is_fast(began);
            }
            let Some(actor) = seat.as_mut() else { return Err(Failure::Overlap) };
            let prepared = catch_unwind(AssertUnwindSafe(|| ctx.prepare()));
            if let Err(payload) = prepared {
                return Err(Failure::Error(ActorError::panic(payload)));
            }
            if A::STARTS {
                let starting = async { actor.on_start(ctx).await };
                settled(home, home.guarded(None, None, starting).await)?;
            }
            match ctx.take_failure() {
                Some(error) => Err(Failure::Error(error)),
                None => Ok(()),
            }
        }
        .await;
        match outcome {
            Ok(()) => {
                home.note_start(incarnation);
                let stop = ctx.take_stop();
                ctx.follow_up(&mut self.batch);
                {
                    let mut state = home.state.lock();
                    state.phase = Phase::Running;
                }
                if let Some(started) = started {
                    answer(started, Ok(()));
                }
                match stop {
                    Some(reason) => {
                        let end = End { reason, hook: true, escalate: false };
                        self.end(home, &mut Some(seat), ctx, end).await;
                    }
                    None => {
                        self.turn(home, seat, ctx).await;
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
                home.kernel.note(&**home, || Event::StartFailed { reason });
                home.end_incarnation(ctx);
                home.drop_state(&mut seat);
                drop(seat);
                home.reap().await;
                home.not_started(failure, started);
            }
        }
    }

    /// Handles what is queued; returns when the actor is idle or the incarnation is over.
    ///
    /// True when the actor is at rest and the task may wait for the next wake.
    async fn turn<'h>(&mut self, home: &'h Arc<Cell<A>>, seat: Turn<'h, A>, ctx: &mut Context<A>) -> bool {
        let mut seat = Some(seat);
        let mut budget = self.patience;
        self.pace = self.fresh_pace();
        loop {
            // Apart from the others, so that the job is not kept beside the future it becomes.
            let job = match self.advance(home, &mut seat, ctx, &mut budget) {
                Next::Handle(job) => job,
                Next::HandleTold(message) => {
                    let Some(actor) = seat.as_mut().and_then(|seat| seat.as_mut()) else { return false };
                    let identity = self.identity.get_or_insert_with(|| Box::new(Some(Current::of(home))));
                    self.runs = self.runs.wrapping_add(1);
                    let began = self.runs.is_multiple_of(LOOK).then(Instant::now);
                    let outcome = handling_told(home, actor, ctx, message, identity).await;
                    self.hand = false;
                    if let Some(began) = began {
                        home.note_pace(began.elapsed());
                    }
                    if matches!(outcome, Ok(Ok(()))) && ctx.is_untouched() {
                        std::mem::forget(outcome);
                        home.count_told_errors();
                        self.handled += 1;
                        continue;
                    }
                    if self.settle(home, ctx, outcome, Record::of_message::<A>()) {
                        continue;
                    }
                    self.end(home, &mut seat, ctx, home.signalled()).await;
                    return false;
                }
                Next::Rest(may_wait) => return may_wait,
                Next::Pause => {
                    if home.waiting.load(Ordering::Relaxed) {
                        home.admit();
                    }
                    crate::yields::yield_now().await;
                    continue;
                }
                Next::End(end) => {
                    self.end(home, &mut seat, ctx, end).await;
                    return false;
                }
                Next::Resolve(met) => {
                    match home.fail_here(&mut seat, ctx, met, &mut self.batch, self.handled) {
                        Ok(()) => {
                            self.handled = 0;
                            return false;
                        }
                        Err(met) => match self.resolve(home, &mut seat, ctx, met).await {
                            None => continue,
                            Some(end) => {
                                self.end(home, &mut seat, ctx, end).await;
                                return false;
                            }
                        },
                    }
                }
            };
            let record = job.record;
            let Some(actor) = seat.as_mut().and_then(|seat| seat.as_mut()) else { return false };
            let outcome = handling(home, actor, ctx, job).await;
            self.hand = false;
            if !self.settle(home, ctx, outcome, record) {
                self.end(home, &mut seat, ctx, home.signalled()).await;
                return false;
            }
        }
    }

    /// Settles what came of an async handler. False where a signal has dropped it.
    fn settle(
        &mut self,
        home: &Arc<Cell<A>>,
        ctx: &mut Context<A>,
        outcome: Result<ActorResult<()>, Interrupt>,
        record: Record,
    ) -> bool {
        let finished = finish_async(home, ctx, outcome, record, &mut self.handled);
        // After a panic there are none left.
        ctx.follow_up(&mut self.batch);
        match finished {
            Ok(()) => {}
            Err(Stopped::Trouble(met)) => self.trouble = Some(met),
            Err(Stopped::Dropped) => return false,
        }
        true
    }

    /// Does everything that needs no await. Says what is next.
    fn advance<'h>(
        &mut self,
        home: &'h Arc<Cell<A>>,
        seat: &mut Option<Turn<'h, A>>,
        ctx: &mut Context<A>,
        budget: &mut u32,
    ) -> Next<A> {
        if let Some(met) = self.trouble.take() {
            return Next::Resolve(met);
        }
        loop {
            let Some(actor) = seat.as_mut().and_then(|seat| seat.as_mut()) else {
                // Nothing to run: only a broken rule 2 gets here. End rather than hang.
                return Next::End(End { reason: ExitReason::Killed, hook: false, escalate: false });
            };
            match self.step(home, actor, ctx, budget) {
                Step::Drained => {
                    let Some(kept) = seat.take() else { continue };
                    match self.refill(home, kept) {
                        Refill::More(kept) => *seat = Some(kept),
                        Refill::Ends(kept, end) => {
                            *seat = Some(kept);
                            return Next::End(end);
                        }
                        Refill::Rest(may_wait) => return Next::Rest(may_wait),
                    }
                }
                Step::Budget => match self.pace.more(home.kernel.schedule.is_some()) {
                    Some(more) => *budget = more,
                    None => {
                        self.pace = self.fresh_pace();
                        *budget = PART;
                        return Next::Pause;
                    }
                },
                Step::Signalled => return Next::End(home.signalled()),
                Step::Async(Mail::Message(Letter { message, port: None })) if home.is_unwatched() => {
                    self.hand = true;
                    return Next::HandleTold(message);
                }
                Step::Async(mail) => match begin_async(home, ctx, mail) {
                    None => {}
                    Some(Err(met)) => return Next::Resolve(met),
                    Some(Ok(job)) => {
                        self.hand = job.record.counted;
                        return Next::Handle(job);
                    }
                },
                Step::Trouble(met) => return Next::Resolve(met),
            }
        }
    }

    /// Runs plain messages up to the next one that is not.
    #[inline]
    fn step(
        &mut self,
        home: &Arc<Cell<A>>,
        actor: &mut A,
        ctx: &mut Context<A>,
        budget: &mut u32,
    ) -> Step<A> {
        if self.batch.front().is_some_and(|mail| !mail.is_plain()) {
            if home.signal.load(Ordering::Acquire) & signal::INTERRUPTS != 0 {
                return Step::Signalled;
            }
            if *budget == 0 {
                return Step::Budget;
            }
            if let Some(mail) = self.batch.pop_front() {
                *budget -= 1;
                match &mail {
                    // Who waits for room has to wait for no more than a few that take no time.
                    Mail::Message(Letter { port: None, .. })
                        if home.is_unwatched() && home.state.is_brisk() =>
                    {
                        home.begun_told();
                    }
                    mail => home.begun(mail.takes_room()),
                }
                return Step::Async(mail);
            }
        }
        if self.batch.is_empty() {
            return Step::Drained;
        }
        self.runs = self.runs.wrapping_add(1);
        let slow = home.state.is_slow();
        if !slow && !self.runs.is_multiple_of(LOOK) {
            return acting(home, || run_plain(home, actor, ctx, &mut self.batch, budget, &mut self.handled));
        }
        let (before, began) = (self.handled, Instant::now());
        let mut run =
            || acting(home, || run_plain(home, actor, ctx, &mut self.batch, budget, &mut self.handled));
        // Whom a slow one tells does not wait until it is done.
        let step = if slow { closed(run) } else { run() };
        home.note_speed(began.elapsed() / (self.handled - before).max(1));
        step
    }

    fn fresh_pace(&self) -> Pace {
        if self.visits { Pace::Short } else { Pace::Fresh(PART) }
    }

    /// Gives back the room of a burst.
    fn shrink(&mut self) {
        shrink_emptied(&mut self.batch, KEPT);
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
            home.let_in(&mut state, &mut wakers);
        }
        let refill = if !self.batch.is_empty() || !state.mailbox.is_empty() {
            Refill::More(seat)
        } else if home.signal.load(Ordering::Acquire) & signal::DRAIN != 0 {
            Refill::Ends(seat, End { reason: ExitReason::Normal, hook: true, escalate: false })
        } else {
            // Rule 2: the turn first, then the phase.
            drop(seat);
            state.phase = Phase::Idle;
            let may_wait = state.lingers() && state.waker.is_some();
            if self.visits && !state.lingers() {
                state.mailbox.reuse(std::mem::take(&mut self.batch));
                state.linger = state.linger.cooler();
                state.leave();
                self.leave();
            } else if may_wait {
                state.mailbox.shrink(KEPT);
                self.shrink();
                state.asleep = true;
            }
            Refill::Rest(may_wait)
        };
        drop(state);
        for waker in wakers {
            wake(waker);
        }
        refill
    }

    /// Asks the error handler. `None` when the actor goes on.
    fn resolve<'a, 'h: 'a>(
        &'a mut self,
        home: &'h Arc<Cell<A>>,
        seat: &'a mut Option<Turn<'h, A>>,
        ctx: &'a mut Context<A>,
        trouble: Trouble,
    ) -> Pin<Box<dyn Future<Output = Option<End>> + Send + 'a>> {
        // Boxed, since it is rare and would make every task large.
        Box::pin(async move {
            let (error, record) = match trouble {
                Trouble::Stop(reason) => return Some(End { reason, hook: true, escalate: false }),
                Trouble::Failed { error, record } => (error, record),
            };
            let actor_type = std::any::type_name::<A>();
            home.note_failure(&error, record);
            let panicked = error.is_panic();
            let decision = match seat.as_mut().and_then(|seat| seat.as_mut()) {
                None => Ok(ErrorAction::Restart),
                Some(actor) => home.guarded(None, None, async { actor.on_error(&error, ctx).await }).await,
            };
            let ends = |reason| Some(End { reason, hook: !panicked, escalate: false });
            let end = match decision {
                Ok(ErrorAction::Resume) if !panicked => None,
                Ok(ErrorAction::Stop) => ends(ExitReason::Normal),
                Ok(ErrorAction::Resume | ErrorAction::Restart) => ends(error.reason()),
                Ok(ErrorAction::Escalate) => ends(error.reason()).map(|end| End { escalate: true, ..end }),
                Err(Interrupt::Dropped) => Some(home.signalled()),
                Err(Interrupt::Panicked(payload)) => {
                    let message = panic_text(payload);
                    instrument::hook_failed(home.pid, actor_type, "error", &message);
                    Some(End { reason: ExitReason::Panicked { message }, hook: false, escalate: false })
                }
            };
            if end.is_some() {
                count(&home.kernel.totals.lost_in_hand, u64::from(record.counted));
            } else {
                // Handled, with a failure for an answer.
                self.handled += u32::from(record.counted);
                ctx.renew();
            }
            end
        })
    }

    /// Ends the incarnation. Boxed, since it is rare and would make every task large.
    fn end<'a, 'h: 'a>(
        &'a mut self,
        home: &'h Arc<Cell<A>>,
        seat: &mut Option<Turn<'h, A>>,
        ctx: &'a mut Context<A>,
        end: End,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        let seat = seat.take();
        Box::pin(async move {
            let Some(seat) = seat else { return };
            let (reason, escalate) = home.finish(seat, ctx, end).await;
            home.over(reason, escalate, &mut self.batch, std::mem::take(&mut self.handled), true);
        })
    }
}

/// What an actor's task is to do after all that needs no await.
enum Next<A: Actor> {
    Rest(bool),
    Pause,
    End(End),
    Resolve(Trouble),
    Handle(Job<A>),
    /// A told message, and nobody watches.
    HandleTold(A::Message),
}

enum Refill<'h, A> {
    More(Turn<'h, A>),
    /// The actor is idle; true when its task may wait for the next wake.
    Rest(bool),
    Ends(Turn<'h, A>, End),
}

/// The turn of a cell whose phase says that it is free: at most, somebody is about to give it back.
pub(super) fn take_turn<A: Actor>(home: &Cell<A>) -> Turn<'_, A> {
    let mut tries = 0_u32;
    loop {
        if let Some(seat) = home.seat.try_take() {
            return seat;
        }
        tries += 1;
        if tries.is_multiple_of(64) {
            crate::sync::yield_now();
        }
        crate::sync::spin_loop();
    }
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

impl<A: Actor> Cell<A> {
    pub(super) fn note_failure(&self, error: &ActorError, record: Record) {
        count(&self.kernel.totals.failures, 1);
        if instrument::is_on() {
            let (name, actor) = (self.name(), std::any::type_name::<A>());
            instrument::crashed(self.pid, name.as_deref(), actor, record.message_type, error);
        }
    }

    pub(super) fn note_start(&self, incarnation: u32) {
        if instrument::is_on() {
            let name = self.name();
            instrument::started(self.pid, name.as_deref(), std::any::type_name::<A>(), incarnation);
        }
        self.kernel.note(self, || Event::Started { incarnation });
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
