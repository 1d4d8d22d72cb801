//! How one message is handled: a plain one in a synchronous loop, an async one awaited in place.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Poll, Waker};

use pin_project_lite::pin_project;
use tokio::time::Instant;

use crate::actor::{Actor, Plain};
use crate::context::Context;
use crate::error::{ActorError, ActorResult, AskError, wake};
use crate::exit::ExitReason;
use crate::instrument::{self, Room};
use crate::kernel::count;
use crate::letter::Letter;
use crate::mail::{Doing, Errand, Mail};
use crate::mailbox::Item;
use crate::process::{AnyCell, Ending};
use crate::reply::{Answer, AnySpot, Port, watched};
use crate::testing::fault::Fault;

use super::ending::End;
use super::guard::{Current, Interrupt};
use super::state::State;
use super::{Cell, signal};

/// Something that ends the incarnation or is up to the error handler.
pub(crate) enum Trouble {
    /// The actor asked for its own end.
    Stop(ExitReason),
    Failed {
        error: ActorError,
        /// The message that was in hand.
        record: Record,
    },
}

/// What is remembered of a message while its handler runs.
#[derive(Clone, Copy)]
pub(crate) struct Record {
    /// Whether it was counted as accepted.
    pub(super) counted: bool,
    pub(super) message_type: &'static str,
}

impl Record {
    /// That of a message of the actor's own.
    #[inline]
    pub(super) fn of_message<A: Actor>() -> Self {
        Self { counted: true, message_type: std::any::type_name::<A::Message>() }
    }

    #[inline]
    pub(super) fn of<A: Actor>(mail: &Mail<A>) -> Self {
        Self { counted: mail.takes_room(), message_type: mail.message_type() }
    }
}

/// One plain handler's run on a guest's turn, in one place: so catching its panic carries one pointer about.
pub(super) struct Run<'a, 's, A: Actor> {
    actor: &'a mut A,
    pub(super) message: Option<A::Message>,
    ctx: &'a mut Context<A>,
    /// Where the answer is to lie; none for a told message.
    spot: Option<&'s mut (dyn AnySpot + 'static)>,
    /// Nothing came of it but what it did to the state, and its answer, if there is to be one.
    pub(super) smooth: bool,
    /// What came of it, where that is something to look at.
    pub(super) outcome: Option<Plain<A::Message>>,
}

impl<'a, 's, A: Actor> Run<'a, 's, A> {
    #[inline(always)]
    pub(super) fn new(
        actor: &'a mut A,
        message: A::Message,
        ctx: &'a mut Context<A>,
        spot: Option<&'s mut (dyn AnySpot + 'static)>,
    ) -> Self {
        Self { actor, message: Some(message), ctx, spot, smooth: false, outcome: None }
    }

    #[inline(always)]
    pub(super) fn go(&mut self) {
        let Some(message) = self.message.take() else { return };
        let mut answer = self.spot.take().map_or(Answer::told(), Answer::here);
        let outcome = self.actor.handle_plain(message, self.ctx, &mut answer);
        if matches!(outcome, Plain::Done(Ok(()))) && !answer.is_awaited() && self.ctx.is_untouched() {
            self.smooth = true;
            std::mem::forget(outcome);
        } else {
            self.outcome = Some(outcome);
        }
    }
}

/// Where the synchronous loop stopped.
pub(super) enum Step<A: Actor> {
    Drained,
    Budget,
    Signalled,
    Async(Mail<A>),
    Trouble(Trouble),
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
    // Looked at once a run: nothing that is ready to be handled came after a change that somebody waited for.
    let (traced, simulated) = (instrument::is_on(), home.kernel.schedule.is_some());
    // Those of the message in hand; between two messages, told, and of a message of its own.
    let mut answer = Answer::told();
    let mut record = Record::of_message::<A>();
    let quiet = !traced && !simulated;
    let caught = watched(|| {
        loop {
            if home.signal.load(Ordering::Acquire) & signal::INTERRUPTS != 0 {
                return Step::Signalled;
            }
            if *budget == 0 {
                return Step::Budget;
            }
            // Matched as it is taken out: named before, it would be moved twice.
            let outcome = match batch.pop_front() {
                None => return Step::Drained,
                // The hottest path of all: told, and nobody watches.
                Some(Mail::Message(Letter { message, port: None })) if quiet => {
                    *budget -= 1;
                    home.begun_told();
                    match actor.handle_plain(message, ctx, &mut answer) {
                        Plain::Done(Ok(())) if !ctx.has_wishes() => {
                            *handled += 1;
                            continue;
                        }
                        Plain::Done(outcome) => outcome,
                        // An async handler's.
                        Plain::Later(message) => {
                            return Step::Async(Mail::Message(Letter { message, port: None }));
                        }
                    }
                }
                // `open` would look once more at what it is.
                Some(Mail::Message(Letter { message, port })) => {
                    *budget -= 1;
                    home.begun(true);
                    if simulated && !A::is_plain(&message) {
                        return Step::Async(Mail::Message(Letter { message, port }));
                    }
                    let room = if traced { home.room(port.as_deref()) } else { Room::none() };
                    if let Some(port) = port {
                        if port.is_expired() {
                            home.put_away(Mail::Message(Letter { message, port: None }));
                            continue;
                        }
                        answer = Answer::of(Some(port));
                    }
                    let fault = if simulated { home.about_to_handle(record.message_type) } else { Ok(()) };
                    match fault {
                        Err(fault) => Err(fault),
                        Ok(()) => match room.within(|| actor.handle_plain(message, ctx, &mut answer)) {
                            Plain::Done(outcome) => outcome,
                            Plain::Later(message) => {
                                let port = answer.take_port();
                                return Step::Async(Mail::Message(Letter { message, port }));
                            }
                        },
                    }
                }
                Some(Mail::Other(mut errand)) => {
                    *budget -= 1;
                    record = Record { counted: errand.takes_room(), message_type: errand.message_type() };
                    home.begun(record.counted);
                    if !errand.is_plain() {
                        return Step::Async(Mail::Other(errand));
                    }
                    let Some(port) = open_errand(&mut *errand) else {
                        home.put_away(Mail::Other(errand));
                        record = Record::of_message::<A>();
                        continue;
                    };
                    let room = home.room(port.as_deref());
                    answer = Answer::of(port);
                    match home.about_to_handle(record.message_type) {
                        Err(fault) => Err(fault),
                        Ok(()) => room.within(|| errand.run_plain(actor, ctx, &mut answer)),
                    }
                }
            };
            ctx.follow_up(batch);
            if let Some(trouble) = ctx.trouble(outcome, record) {
                return Step::Trouble(trouble);
            }
            if !answer.is_told() {
                answer.fail(AskError::NoReply);
                answer = Answer::told();
            }
            *handled += u32::from(record.counted);
            record = Record::of_message::<A>();
        }
    });
    home.count_told_errors();
    match caught {
        Ok(Step::Trouble(trouble)) => {
            settle_answer(&mut answer, &trouble, record, handled);
            Step::Trouble(trouble)
        }
        Ok(step) => step,
        Err(payload) => {
            let error = ActorError::panic(payload);
            answer.fail(AskError::Crashed { reason: error.reason() });
            // A shared message's plain handler finds the answer in the context.
            Step::Trouble(crashed(ctx, error, record))
        }
    }
}

/// Answers the asker of a message that brought trouble: before anything else is done about it.
fn settle_answer(answer: &mut Answer<'_>, trouble: &Trouble, record: Record, handled: &mut u32) {
    match trouble {
        Trouble::Stop(_) => {
            answer.fail(AskError::NoReply);
            *handled += u32::from(record.counted);
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

pub(super) enum Stopped {
    Trouble(Trouble),
    Dropped,
}

/// The way back of a message that is about to be handled. `None` when nobody wants it any more: its timer was
/// cancelled, or its asker has given up.
#[inline]
fn open<A: Actor>(mail: &mut Mail<A>) -> Option<Option<Arc<dyn Port>>> {
    match mail {
        Mail::Message(letter) => unless_expired(letter.port.take()),
        Mail::Other(errand) => open_errand(&mut **errand),
    }
}

fn open_errand<A: Actor>(errand: &mut dyn Errand<A>) -> Option<Option<Arc<dyn Port>>> {
    if errand.is_wanted() { unless_expired(errand.take_port().map(|port| port.0)) } else { None }
}

#[inline]
fn unless_expired(port: Option<Arc<dyn Port>>) -> Option<Option<Arc<dyn Port>>> {
    match port {
        Some(port) if port.is_expired() => None,
        port => Some(port),
    }
}

/// An async message that is about to be handled.
pub(super) struct Job<A: Actor> {
    pub(super) mail: Mail<A>,
    pub(super) room: Room,
    pub(super) deadline: Option<Instant>,
    pub(super) record: Record,
}

/// Makes an async message ready to be handled. `None` when nobody wants it any more.
pub(super) fn begin_async<A: Actor>(
    home: &Arc<Cell<A>>,
    ctx: &mut Context<A>,
    mut mail: Mail<A>,
) -> Option<Result<Job<A>, Trouble>> {
    let record = Record::of(&mail);
    let Some(port) = open(&mut mail) else {
        home.put_away(mail);
        return None;
    };
    let deadline = port.as_ref().and_then(|port| port.deadline());
    let room = home.room(port.as_deref());
    *ctx.answer() = Answer::of(port);
    if let Some(trouble) = home.simulated(ctx, record) {
        return Some(Err(trouble));
    }
    Some(Ok(Job { mail, room, deadline, record }))
}

/// The async handler of a message, run as its actor.
pub(super) fn handling<'a, A: Actor>(
    home: &'a Arc<Cell<A>>,
    actor: &'a mut A,
    ctx: &'a mut Context<A>,
    job: Job<A>,
) -> impl Future<Output = Result<ActorResult<()>, Interrupt>> + Send + 'a {
    let handling = match job.mail {
        Mail::Message(letter) => handling_message(actor, letter.message, ctx),
        Mail::Other(errand) => Handling::Errand { future: errand.run(actor, ctx) },
    };
    home.guarded(job.deadline, Some(job.room), handling)
}

/// The async handler of a told message that nobody watches, run as its actor.
#[inline]
pub(super) fn handling_told<'a, A: Actor>(
    home: &'a Arc<Cell<A>>,
    actor: &'a mut A,
    ctx: &'a mut Context<A>,
    message: A::Message,
    identity: &'a mut Option<Current>,
) -> impl Future<Output = Result<ActorResult<()>, Interrupt>> + Send + 'a {
    home.guarded_as(identity, handling_message(actor, message, ctx))
}

#[inline]
fn handling_message<'a, A: Actor>(
    actor: &'a mut A,
    message: A::Message,
    ctx: &'a mut Context<A>,
) -> Handling<'a, impl Future<Output = ActorResult<()>> + Send + 'a> {
    // By hand, a handler may do something before it gives its future.
    match watched(move || Actor::handle(actor, message, ctx)) {
        Ok(future) => Handling::Message { future },
        Err(payload) => Handling::Panicked { payload: Some(payload) },
    }
}

pin_project! {
    #[project = Running]
    enum Handling<'a, F> {
        Message { #[pin] future: F },
        Panicked { payload: Option<Box<dyn Any + Send>> },
        Errand { future: Doing<'a> },
    }
}

impl<F: Future<Output = ActorResult<()>>> Future for Handling<'_, F> {
    type Output = ActorResult<()>;

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            Running::Message { future } => future.poll(cx),
            // Where it is caught as any other.
            Running::Panicked { payload } => match payload.take() {
                Some(payload) => std::panic::resume_unwind(payload),
                None => Poll::Pending,
            },
            Running::Errand { future } => future.as_mut().poll(cx),
        }
    }
}

/// Settles what came of an async handler: its answer first.
pub(super) fn finish_async<A: Actor>(
    home: &Arc<Cell<A>>,
    ctx: &mut Context<A>,
    outcome: Result<ActorResult<()>, Interrupt>,
    record: Record,
    handled: &mut u32,
) -> Result<(), Stopped> {
    home.count_told_errors();
    match outcome {
        Ok(outcome) => {
            let mut answer = std::mem::replace(ctx.answer(), Answer::told());
            let Some(trouble) = ctx.trouble(outcome, record) else {
                answer.fail(AskError::NoReply);
                *handled += u32::from(record.counted);
                return Ok(());
            };
            settle_answer(&mut answer, &trouble, record, handled);
            Err(Stopped::Trouble(trouble))
        }
        Err(Interrupt::Dropped) => {
            ctx.answer().fail(AskError::Crashed { reason: home.drop_reason() });
            count(&home.kernel.totals.lost_in_hand, u64::from(record.counted));
            Err(Stopped::Dropped)
        }
        Err(Interrupt::Panicked(payload)) => {
            Err(Stopped::Trouble(crashed(ctx, ActorError::panic(payload), record)))
        }
    }
}

/// A handler panicked: its asker is told before anything else is done about it.
pub(super) fn crashed<A: Actor>(ctx: &mut Context<A>, error: ActorError, record: Record) -> Trouble {
    ctx.answer().fail(AskError::Crashed { reason: error.reason() });
    ctx.renew();
    Trouble::Failed { error, record }
}

impl<A: Actor> Cell<A> {
    /// In a simulation, notes the message; the seed may decide that its actor fails instead of handling it.
    #[inline]
    pub(super) fn about_to_handle(self: &Arc<Self>, message: &'static str) -> ActorResult<()> {
        match &self.kernel.schedule {
            None => Ok(()),
            Some(schedule) => self.simulate(schedule.about_to_handle(&**self, message)),
        }
    }

    /// What a simulation does to an async message that is about to be handled, if that is the end of it.
    #[inline]
    pub(super) fn simulated(self: &Arc<Self>, ctx: &mut Context<A>, record: Record) -> Option<Trouble> {
        if self.kernel.schedule.is_some() { self.struck(ctx, record) } else { None }
    }

    #[cold]
    fn struck(self: &Arc<Self>, ctx: &mut Context<A>, record: Record) -> Option<Trouble> {
        match catch_unwind(AssertUnwindSafe(|| self.about_to_handle(record.message_type))) {
            Ok(Ok(())) => None,
            Ok(Err(error)) => {
                ctx.answer().fail(ask_error(&error));
                Some(Trouble::Failed { error, record })
            }
            Err(payload) => Some(crashed(ctx, ActorError::panic(payload), record)),
        }
    }

    #[cold]
    fn simulate(self: &Arc<Self>, fault: Option<Fault>) -> ActorResult<()> {
        match fault {
            Some(Fault::Panic) => std::panic::resume_unwind(Box::new("a simulated crash")),
            Some(Fault::Error) => return Err(ActorError::msg("a simulated error")),
            Some(Fault::Kill) => drop(self.request_end(Ending::Kill, true)),
            Some(Fault::Stop) => drop(self.request_end(Ending::Stop, true)),
            Some(Fault::Abort | Fault::Delay(_)) | None => {}
        }
        Ok(())
    }

    /// Whether neither a subscriber of `tracing` nor a simulation wants to know of a message.
    #[inline]
    pub(super) fn is_unwatched(&self) -> bool {
        !instrument::is_on() && self.kernel.schedule.is_none()
    }

    /// One message less is ahead.
    #[inline]
    fn step_on(&self) {
        let ahead = self.ahead.load(Ordering::Relaxed);
        self.ahead.store(ahead.saturating_sub(1), Ordering::Relaxed);
    }

    /// A told message leaves the queue. Who waits for room is let in at the end of the run, with all that it has made room for:
    /// one at a time, each would be woken for one message, and the next would have to wait again. A newcomer lets them in, too.
    #[inline]
    pub(super) fn begun_told(&self) {
        self.step_on();
        if A::CONFIG.may_block() && self.waiting.load(Ordering::Relaxed) {
            self.admit();
        }
    }

    /// A message leaves the queue: there is room for one more.
    #[inline]
    pub(super) fn begun(&self, takes_room: bool) {
        if takes_room {
            self.step_on();
        }
        // A sender that registers at this very moment is seen at the next message or refill.
        if self.waiting.load(Ordering::Relaxed) {
            self.admit();
        }
    }

    #[cold]
    pub(super) fn admit(&self) {
        let mut wakers = Vec::new();
        self.let_in(&mut self.state.lock(), &mut wakers);
        for waker in wakers {
            wake(waker);
        }
    }

    /// Lets waiting senders in, as far as there is room.
    pub(super) fn let_in(&self, state: &mut State<A>, wakers: &mut Vec<Waker>) {
        let admitted = state.mailbox.admit(self.mailbox_config(), self.ahead(), wakers);
        state.count_accepted(admitted, &self.kernel);
        self.waiting.store(state.mailbox.has_waiting(), Ordering::SeqCst);
    }

    #[inline]
    pub(super) fn room(&self, port: Option<&dyn Port>) -> Room {
        Room::of(self.pid, std::any::type_name::<A>(), || self.name(), || port.map(Port::caller))
    }

    #[inline]
    pub(super) fn count_told_errors(&self) {
        let told = instrument::take_told_errors();
        if told > 0 {
            count(&self.kernel.totals.told_errors, told);
        }
    }

    /// Nobody wants the message any more. A timer's takes no room and is no dead letter; an ask's is one.
    #[cold]
    fn put_away(&self, mail: Mail<A>) {
        self.dead_letter(mail, &ExitReason::Normal, AskError::NoReply);
    }

    /// The reason of a kill or of a linked actor's exit, whichever was signalled.
    fn drop_reason(&self) -> ExitReason {
        if self.signal.load(Ordering::Acquire) & signal::KILL != 0 {
            return ExitReason::Killed;
        }
        self.with_more(|more| more.exit_signal.clone()).flatten().unwrap_or(ExitReason::Killed)
    }

    /// What the signals ask for, the strongest first.
    pub(super) fn signalled(&self) -> End {
        let bits = self.signal.load(Ordering::Acquire);
        if bits & signal::DROPS != 0 {
            End { reason: self.drop_reason(), hook: false, escalate: false }
        } else if bits & signal::STOP != 0 {
            End { reason: ExitReason::Shutdown, hook: true, escalate: false }
        } else {
            End { reason: ExitReason::Normal, hook: true, escalate: false }
        }
    }
}
