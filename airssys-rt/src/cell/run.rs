//! The loop of one actor's task: take the turn, run what is queued, park or leave.
//!
//! The task exists only while there is work, and lingers while the actor is hot. Plain handlers run
//! in a synchronous loop; the async function is surfaced to for an async handler alone, which is
//! awaited in place, without a box.

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use tokio::time::Instant;

use crate::actor::{Actor, Plain};
use crate::config::BackpressureStrategy;
use crate::context::Context;
use crate::error::{ActorError, ActorResult, AskError, ErrorAction, discard, panic_text};
use crate::exit::ExitReason;
use crate::instrument::{self, Room};
use crate::kernel::count;
use crate::letter::Letter;
use crate::mail::Mail;
use crate::mailbox::Item;
use crate::process::AnyCell;
use crate::reply::{Answer, Port, watched};
use crate::seat::Turn;

use super::ending::End;
use super::state::{Failure, Launch, Linger, Phase, State};
use super::{Cell, signal};

/// How many messages are handled before other tasks get their turn.
const BUDGET: u32 = 256;
/// A mailbox buffer of an idle actor larger than this is given back.
const KEPT: usize = 64;

/// Who handles a message on this thread now, and until when its asker waits.
#[derive(Clone)]
pub(crate) struct Current {
    pub(crate) process: Arc<dyn AnyCell>,
    pub(crate) deadline: Option<Instant>,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// The actor whose async handler, hook or start expression is being polled on this thread.
pub(crate) fn current() -> Option<Current> {
    CURRENT.with(|current| current.borrow().clone())
}

/// Why a piece of the user's code did not come to its end.
pub(crate) enum Interrupt {
    /// A kill, or the exit of a linked actor.
    Dropped,
    Panicked(Box<dyn Any + Send>),
}

/// Something that ends the incarnation or is up to the error handler.
pub(crate) enum Trouble {
    /// The actor asked for its own end.
    Stop(ExitReason),
    Failed {
        error: ActorError,
        /// The type of the message in hand.
        message: &'static str,
        /// Whether that message was counted as accepted.
        counted: bool,
    },
}

/// Where the synchronous loop stopped.
pub(super) enum Step<A: Actor> {
    Drained,
    Budget,
    Signalled,
    Async(Mail<A>),
    Trouble(Trouble),
}

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

    /// The task is about to wait: from now on, whoever has something for it wakes it.
    fn fall_asleep(&mut self, cx: &std::task::Context<'_>) {
        self.asleep = true;
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.waker = Some(cx.waker().clone());
        }
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
                Step::Async(mail) => match self.run_async(home, actor, ctx, mail).await {
                    Ok(handled) => self.handled += handled,
                    Err(Stopped::Trouble(met)) => trouble = Some(met),
                    Err(Stopped::Dropped) => {
                        let end = home.signalled();
                        self.end(home, seat, ctx, end).await;
                        return false;
                    }
                },
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

    /// Awaits one async handler in place.
    async fn run_async(
        &mut self,
        home: &Arc<Cell<A>>,
        actor: &mut A,
        ctx: &mut Context<A>,
        mut mail: Mail<A>,
    ) -> Result<u32, Stopped> {
        if let Mail::Other(errand) = &mail
            && !errand.is_wanted()
        {
            return Ok(0);
        }
        let counted = mail.takes_room();
        let message_type = mail.message_type();
        let port = mail.take_port();
        if port.as_ref().is_some_and(|port| port.is_expired()) {
            home.expired(mail);
            return Ok(0);
        }
        let deadline = port.as_ref().and_then(|port| port.deadline());
        let room = home.room(port.as_deref());
        *ctx.answer() = Answer::of(port);
        self.hand = counted;
        let outcome = match mail {
            Mail::Message(letter) => {
                if let Err(payload) = catch_unwind(AssertUnwindSafe(|| home.crash_by_chance())) {
                    self.hand = false;
                    return Err(crashed(ctx, payload, message_type, counted));
                }
                home.guarded(deadline, Some(&room), Actor::handle(actor, letter.message, ctx)).await
            }
            Mail::Other(errand) => home.guarded(deadline, Some(&room), errand.run(actor, ctx)).await,
        };
        self.hand = false;
        home.count_told_errors();
        ctx.follow_up(&mut self.batch);
        let mut answer = std::mem::replace(ctx.answer(), Answer::told());
        match outcome {
            Ok(outcome) => match ctx.trouble(outcome, message_type, counted) {
                None => {
                    answer.fail(AskError::NoReply);
                    Ok(u32::from(counted))
                }
                Some(trouble) => {
                    let mut handled = 0;
                    settle_answer(&mut answer, &trouble, counted, &mut handled);
                    home.state.lock().count_handled(handled, &home.kernel);
                    Err(Stopped::Trouble(trouble))
                }
            },
            Err(Interrupt::Dropped) => {
                answer.fail(AskError::Crashed { reason: home.drop_reason() });
                count(&home.kernel.totals.lost_in_hand, u64::from(counted));
                Err(Stopped::Dropped)
            }
            Err(Interrupt::Panicked(payload)) => {
                *ctx.answer() = answer;
                Err(crashed(ctx, payload, message_type, counted))
            }
        }
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

/// Runs plain handlers until something else is to be done. The one synchronous loop; askers use it too.
pub(super) fn run_plain<A: Actor>(
    home: &Arc<Cell<A>>,
    actor: &mut A,
    ctx: &mut Context<A>,
    batch: &mut VecDeque<Mail<A>>,
    budget: &mut u32,
    handled: &mut u32,
) -> Step<A> {
    let mut answer = Answer::told();
    let mut message_type = "";
    let mut counted = true;
    let caught = {
        watched(|| {
            loop {
                if home.signal.load(Ordering::Acquire) & signal::INTERRUPTS != 0 {
                    return Step::Signalled;
                }
                if *budget == 0 {
                    return Step::Budget;
                }
                let Some(mail) = batch.pop_front() else { return Step::Drained };
                *budget -= 1;
                counted = mail.takes_room();
                home.begun(counted);
                if !mail.is_plain() {
                    return Step::Async(mail);
                }
                let outcome = match mail {
                    Mail::Message(letter) => {
                        let Letter { message, port } = letter;
                        if port.as_ref().is_some_and(|port| port.is_expired()) {
                            home.expired(Mail::Message(Letter { message, port: None }));
                            continue;
                        }
                        message_type = std::any::type_name::<A::Message>();
                        let room = home.room(port.as_deref());
                        answer = Answer::of(port);
                        home.crash_by_chance();
                        match room.within(|| actor.handle_plain(message, ctx, &mut answer)) {
                            Plain::Done(outcome) => outcome,
                            // `is_plain` said otherwise: the async way settles it.
                            Plain::Later(message) => {
                                let port = answer.take_port();
                                return Step::Async(Mail::Message(Letter { message, port }));
                            }
                        }
                    }
                    Mail::Other(mut errand) => {
                        if !errand.is_wanted() {
                            continue;
                        }
                        message_type = errand.message_type();
                        let port = errand.take_port().map(|port| port.0);
                        if port.as_ref().is_some_and(|port| port.is_expired()) {
                            home.expired(Mail::Other(errand));
                            continue;
                        }
                        let room = home.room(port.as_deref());
                        answer = Answer::of(port);
                        room.within(|| errand.run_plain(actor, ctx, &mut answer))
                    }
                };
                ctx.follow_up(batch);
                match outcome {
                    Ok(()) if !ctx.wants_attention() => {
                        answer.fail(AskError::NoReply);
                        *handled += u32::from(counted);
                    }
                    outcome => {
                        return match ctx.trouble(outcome, message_type, counted) {
                            Some(trouble) => Step::Trouble(trouble),
                            None => {
                                *handled += u32::from(counted);
                                continue;
                            }
                        };
                    }
                }
            }
        })
    };
    home.count_told_errors();
    match caught {
        Ok(Step::Trouble(trouble)) => {
            settle_answer(&mut answer, &trouble, counted, handled);
            Step::Trouble(trouble)
        }
        Ok(step) => step,
        Err(payload) => {
            let error = ActorError::panic(payload);
            answer.fail(AskError::Crashed { reason: error.reason() });
            ctx.answer().fail(AskError::Crashed { reason: error.reason() });
            ctx.renew();
            Step::Trouble(Trouble::Failed { error, message: message_type, counted })
        }
    }
}

/// Answers the asker of a message that brought trouble: before anything else is done about it.
fn settle_answer(answer: &mut Answer<'_>, trouble: &Trouble, counted: bool, handled: &mut u32) {
    match trouble {
        Trouble::Stop(_) => {
            answer.fail(AskError::NoReply);
            *handled += u32::from(counted);
        }
        Trouble::Failed { error, .. } => answer.fail(ask_error(error)),
    }
}

/// What the asker of a message that failed is told.
pub(super) fn ask_error(error: &ActorError) -> AskError {
    match error.reason() {
        ExitReason::Failed { message } => AskError::Failed { message },
        reason => AskError::Crashed { reason },
    }
}

enum Stopped {
    Trouble(Trouble),
    Dropped,
}

/// An async handler panicked: its asker is told before anything else is done about it.
fn crashed<A: Actor>(
    ctx: &mut Context<A>,
    payload: Box<dyn Any + Send>,
    message: &'static str,
    counted: bool,
) -> Stopped {
    let error = ActorError::panic(payload);
    ctx.answer().fail(AskError::Crashed { reason: error.reason() });
    ctx.renew();
    Stopped::Trouble(Trouble::Failed { error, message, counted })
}

impl<A: Actor> Cell<A> {
    /// In a simulation, a message may crash its actor by the seed's decision.
    #[inline]
    pub(super) fn crash_by_chance(&self) {
        if let Some(schedule) = &self.kernel.schedule {
            let supervises = self.state.lock().rare.as_ref().is_some_and(|rare| rare.supervises);
            if !supervises && schedule.crashes() {
                std::panic::resume_unwind(Box::new("a simulated crash"));
            }
        }
    }

    /// A message leaves the queue: there is room for one more.
    #[inline]
    fn begun(&self, takes_room: bool) {
        if takes_room {
            let ahead = self.ahead.load(Ordering::Relaxed);
            self.ahead.store(ahead.saturating_sub(1), Ordering::Relaxed);
        }
        // A sender that registers at this very moment is seen at the next message or refill.
        if self.waiting.load(Ordering::Relaxed) {
            self.admit();
        }
    }

    #[cold]
    fn admit(&self) {
        let config = self.mailbox_config();
        let mut wakers = Vec::new();
        let mut state = self.state.lock();
        let admitted = state.mailbox.admit(config, self.ahead.load(Ordering::Relaxed), &mut wakers);
        state.count_accepted(u32::try_from(admitted).unwrap_or(u32::MAX / 4), &self.kernel);
        self.waiting.store(state.mailbox.has_waiting(), Ordering::SeqCst);
        drop(state);
        for waker in wakers {
            waker.wake();
        }
    }

    #[inline]
    pub(super) fn room(&self, port: Option<&dyn Port>) -> Room {
        Room::of(self.pid, std::any::type_name::<A>(), || self.name(), port.map(Port::caller))
    }

    #[inline]
    pub(super) fn count_told_errors(&self) {
        let told = instrument::take_told_errors();
        if told > 0 {
            count(&self.kernel.totals.told_errors, told);
        }
    }

    /// The asker gave up before its turn came: nobody wants the answer.
    #[cold]
    fn expired(&self, mail: Mail<A>) {
        self.dead_letter(mail, &ExitReason::Normal, AskError::NoReply);
    }

    /// The reason of a kill or of a linked actor's exit, whichever was signalled.
    fn drop_reason(&self) -> ExitReason {
        if self.signal.load(Ordering::Acquire) & signal::KILL != 0 {
            return ExitReason::Killed;
        }
        let mut state = self.state.lock();
        let reason = state.more_if_any().and_then(|more| more.exit_signal.clone());
        reason.unwrap_or(ExitReason::Killed)
    }

    /// What the signals ask for, the strongest first.
    pub(super) fn signalled(&self) -> End {
        let bits = self.signal.load(Ordering::Acquire);
        if bits & signal::KILL != 0 {
            End { reason: ExitReason::Killed, hook: false, escalate: false }
        } else if bits & signal::EXIT != 0 {
            End { reason: self.exit_error().reason(), hook: false, escalate: false }
        } else if bits & signal::STOP != 0 {
            End { reason: ExitReason::Shutdown, hook: true, escalate: false }
        } else {
            End { reason: ExitReason::Normal, hook: true, escalate: false }
        }
    }

    /// Runs the user's future: as this actor, in its span, until its end, a panic or a kill.
    pub(super) async fn guarded<F: Future>(
        self: &Arc<Self>,
        deadline: Option<Instant>,
        room: Option<&Room>,
        future: F,
    ) -> Result<F::Output, Interrupt> {
        let mut future = pin!(Some(future));
        let process: Arc<dyn AnyCell> = self.clone();
        let mut identity = Some(Current { process, deadline });
        let outcome = std::future::poll_fn(|cx| {
            let Some(running) = future.as_mut().as_pin_mut() else {
                return Poll::Ready(Err(Interrupt::Dropped));
            };
            if self.signal.load(Ordering::Acquire) & signal::DROPS != 0 {
                return Poll::Ready(Err(Interrupt::Dropped));
            }
            CURRENT.with(|current| std::mem::swap(&mut *current.borrow_mut(), &mut identity));
            let polled = watched(|| match room {
                Some(room) => room.within(|| running.poll(cx)),
                None => running.poll(cx),
            });
            CURRENT.with(|current| std::mem::swap(&mut *current.borrow_mut(), &mut identity));
            match polled {
                Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
                Err(payload) => Poll::Ready(Err(Interrupt::Panicked(payload))),
                Ok(Poll::Pending) => {
                    let mut state = self.state.lock();
                    state.fall_asleep(cx);
                    drop(state);
                    // A signal given before the waker was set woke nobody.
                    if self.signal.load(Ordering::Acquire) & signal::DROPS != 0 {
                        return Poll::Ready(Err(Interrupt::Dropped));
                    }
                    if self.waiting.load(Ordering::Relaxed) {
                        self.admit();
                    }
                    Poll::Pending
                }
            }
        })
        .await;
        if outcome.is_err() {
            // What a dropped handler held is dropped here; a destructor that panics stops nothing.
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| future.set(None))) {
                instrument::hook_failed(self.pid, std::any::type_name::<A>(), "drop", &panic_text(payload));
            }
        }
        outcome
    }
}

/// Runs a future and catches its panic as text.
pub(crate) async fn caught<F: Future>(future: F) -> Result<F::Output, Arc<str>> {
    let mut future = pin!(future);
    std::future::poll_fn(move |cx| {
        match catch_unwind(AssertUnwindSafe(|| Pin::as_mut(&mut future).poll(cx))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(payload) => Poll::Ready(Err(panic_text(payload))),
        }
    })
    .await
}
