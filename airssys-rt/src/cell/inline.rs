//! An ask of a plain handler on an idle actor needs no hop: the asker takes the actor's turn.
//!
//! Nobody can tell, but by speed: what is queued goes first, a failure is left to the actor's own task
//! as a verdict, and the turn is given back as any other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::actor::{Actor, Plain};
use crate::address::Here;
use crate::config::BackpressureStrategy;
use crate::context::Context;
use crate::error::{ActorError, AskError};
use crate::instrument::{self, Caller, Room};
use crate::mail::Mail;
use crate::process::Tally;
use crate::reply::{Answer, AnySpot, watched};
use crate::seat::Turn;

use super::gate::{Locked, is_sampled};
use super::handle::{Record, Run, Step, Trouble, ask_error, run_plain};
use super::pace::Pace;
use super::state::Phase;
use super::{Cell, relay};

/// How many queued plain messages an asker runs before its own, where they may take time.
const HELP: usize = 8;
/// How often an asker pauses for whoever has the turn, before it looks; some two microseconds.
const MOMENT: u32 = 120;
/// How often it looks. Queued, it would cost more: a park, a wake, and the cell's way from one processor to the other each time.
const LOOKS: u32 = 2;
/// Of an actor that is slow, one asker in so many looks again.
const AGAIN: u32 = 1_024;

/// What came of an asked message on the asker's turn.
enum Asked<M> {
    /// Answered, or failed: then the actor's own task has to deal with it.
    Done { handled: u32, verdict: Option<Trouble> },
    /// `is_plain` said otherwise: the long way settles it.
    Later(M),
}

/// Somebody else's turn, on which all that was queued is handled.
struct Guest<'a, A: Actor> {
    seat: Turn<'a, A>,
    ctx: Context<A>,
    batch: VecDeque<Mail<A>>,
    handled: u32,
}

/// Why a guest has not handled all that was queued; the turn is given back.
enum NotRun {
    /// It is up to the actor's task.
    Left,
    /// One of them failed.
    Failed,
}

impl<A: Actor> Cell<A> {
    /// Handles a message here and now, if the actor is idle and its handler plain; else gives it back.
    ///
    /// What nearly every ask meets stands here, in a straight line; whatever is different about one (a tracing subscriber, a
    /// simulation, a run that is timed, a busy actor, a failure) goes by functions of their own.
    #[inline]
    pub(crate) fn ask_here(
        self: &Arc<Self>,
        message: A::Message,
        Here { spot, poll }: Here<'_>,
    ) -> Result<(), A::Message> {
        if !A::CONFIG.allows_inline() || !A::is_plain(&message) {
            return Err(message);
        }
        self.count_as_long();
        if !self.kernel.is_quietly_here(poll) || instrument::is_on() {
            return self.ask_here_observed(message, spot);
        }
        // An idle actor is open, unsignalled, and nobody waits for room: each of them would have scheduled it.
        if !self.state.enter() {
            // What this thread was about to bring it goes first.
            relay::deliver_to(self);
            return self.ask_with_others(self.state.lock(), message, spot);
        }
        let Some(mut seat) = self.seat.try_take() else { return self.turned_away(message) };
        let Some(actor) = seat.as_mut() else { return self.turned_away(message) };
        let mut ctx = Context::new(self.clone());
        let mut run = Run::new(actor, message, &mut ctx, Some(&mut *spot));
        let caught = watched(|| run.go());
        let Run { message, smooth, outcome, .. } = run;
        if !smooth || caught.is_err() {
            let asked = self.look_at(outcome, caught, &mut ctx, spot);
            return self.settle_asked(seat, ctx, asked, VecDeque::new(), 0);
        }
        // Nothing lies in them, which the compiler cannot see: so no destructors that look.
        std::mem::forget((message, outcome, caught));
        ctx.put_down();
        // Rule 2: the turn first, then the phase.
        drop(seat);
        self.state.count();
        if !self.state.leave() {
            self.give_back(VecDeque::new(), 0, 0, None);
        }
        Ok(())
    }

    /// Notes how long a handler took; in a simulation or a model, no clock has a say.
    #[cold]
    pub(super) fn note_speed(&self, took: Duration) {
        if self.goes_by_the_clock() {
            self.state.note_speed(took);
        }
    }

    /// The same of an async handler with its first poll.
    #[cold]
    pub(super) fn note_visit(&self, took: Duration) {
        if self.goes_by_the_clock() {
            self.state.note_visit(took);
        }
    }

    /// Notes how long an async handler took with all that it awaited: that says whether it is brisk, and not that it is slow.
    #[cold]
    pub(super) fn note_pace(&self, took: Duration) {
        if self.goes_by_the_clock() {
            self.state.note_pace(took);
        }
    }

    fn goes_by_the_clock(&self) -> bool {
        !cfg!(airssys_loom) && self.kernel.schedule.is_none()
    }

    /// Whoever asks one that is not known to be brisk gives way the sooner.
    #[inline]
    pub(super) fn count_as_long(&self) {
        // A model has no use for the budget, and each look costs it.
        if cfg!(airssys_loom) || !self.state.is_brisk() {
            crate::yields::count_anew();
        }
    }

    /// As [`ask_here`](Self::ask_here), where somebody watches, or the thread may not be the system's.
    #[inline(never)]
    fn ask_here_observed(
        self: &Arc<Self>,
        message: A::Message,
        spot: &mut (dyn AnySpot + 'static),
    ) -> Result<(), A::Message> {
        if !self.kernel.is_here() || self.kernel.schedule.as_ref().is_some_and(|schedule| schedule.coin()) {
            return Err(message);
        }
        self.ask_with_others(self.state.lock(), message, spot)
    }

    /// What was counted inside the gate goes to the system before there is no room for more; by the holder of the turn.
    #[inline]
    pub(super) fn pass_on_counts(&self) {
        if self.state.is_full() {
            let counted = u64::from(self.state.take_counted());
            self.kernel.retire(Tally { accepted: counted, handled: counted, ..Tally::default() });
        }
    }

    /// Rule 2 of the cell is broken if this happens; the long way is right all the same.
    #[cold]
    fn turned_away(self: &Arc<Self>, message: A::Message) -> Result<(), A::Message> {
        self.give_back(VecDeque::new(), 0, 0, None);
        Err(message)
    }

    /// By the whole way: where plain messages wait, the asker runs them first.
    #[inline(never)]
    fn ask_with_others<'a>(
        self: &'a Arc<Self>,
        state: Locked<'a, A>,
        message: A::Message,
        spot: &mut (dyn AnySpot + 'static),
    ) -> Result<(), A::Message> {
        let mut state = self.wait_a_moment(state);
        if !matches!(state.phase, Phase::Idle | Phase::Scheduled)
            || state.closed
            || state.mailbox.has_waiting()
            || self.signal.load(Ordering::Acquire) != 0
            || !self.admits_guests(&state)
            || (state.phase == Phase::Scheduled && !self.may_help(&mut state))
        {
            return Err(message);
        }
        let sample = is_sampled(self.state.counted());
        match self.run_queued(state) {
            Ok(Guest { mut seat, mut ctx, batch, handled }) => {
                let asked = self.answer_here(&mut seat, &mut ctx, message, spot, sample);
                self.settle_asked(seat, ctx, asked, batch, handled)
            }
            Err(NotRun::Left) => Err(message),
            Err(NotRun::Failed) => {
                // The next incarnation may be there already.
                let state = self.state.lock();
                if state.phase == Phase::Idle {
                    return self.ask_with_others(state, message, spot);
                }
                Err(message)
            }
        }
    }

    /// Whether others may run it by its speed. What was slow may have become swift: a few try it again.
    pub(super) fn admits_guests(&self, state: &Locked<'_, A>) -> bool {
        !self.state.is_slow() || state.handled.wrapping_add(self.state.counted()).is_multiple_of(AGAIN)
    }

    /// Whether a guest may handle what waits in the mailbox: a few plain messages, or as many as there are where they take no
    /// time.
    fn may_help(&self, state: &mut Locked<'_, A>) -> bool {
        // With `drop_oldest`, what waits has to stay where it can be evicted.
        self.mailbox_config().backpressure != BackpressureStrategy::DropOldest
            && (state.mailbox.len() <= HELP || self.has_quick_guests())
            && state.mailbox.iter().all(Mail::is_plain)
            && state.more_if_any().is_none_or(|more| more.verdict.is_none())
    }

    /// Whether its messages take so little time that a guest handles any number of them. In a simulation, no clock has a say.
    fn has_quick_guests(&self) -> bool {
        // In a model, of whomever: no clock has a say there.
        cfg!(airssys_loom) || (self.state.is_swift() && self.kernel.schedule.is_none())
    }

    /// Takes the turn of an actor that is idle, or that nobody runs yet, and handles what is queued.
    fn run_queued<'a>(self: &'a Arc<Self>, mut state: Locked<'a, A>) -> Result<Guest<'a, A>, NotRun> {
        let mut batch = VecDeque::new();
        if state.phase == Phase::Scheduled {
            state.note_use();
            self.take_queued(&mut state, &mut batch);
        }
        state.phase = Phase::Running;
        self.pass_on_counts();
        drop(state);
        // What was swift may have become slow.
        let began = (!batch.is_empty()).then(Instant::now);
        let mut pace = match began {
            Some(began) if self.has_quick_guests() => Pace::Timed(began, HELP as u32),
            _ => Pace::Short,
        };
        let Some(mut seat) = self.seat.try_take() else {
            self.give_back(batch, 0, 0, None);
            return Err(NotRun::Left);
        };
        let mut ctx = Context::new(self.clone());
        let (mut handled, mut budget) = (0, HELP as u32);
        loop {
            let step = match seat.as_mut() {
                Some(actor) => run_plain(self, actor, &mut ctx, &mut batch, &mut budget, &mut handled),
                None => Step::Signalled,
            };
            if let Some(began) = began {
                self.note_speed(began.elapsed() / handled.max(1));
            }
            match step {
                Step::Drained => return Ok(Guest { seat, ctx, batch, handled }),
                Step::Budget if batch.is_empty() => return Ok(Guest { seat, ctx, batch, handled }),
                Step::Budget if let Some(more) = pace.more(false) => {
                    budget = more;
                    continue;
                }
                Step::Trouble(trouble) => {
                    self.fail_as_guest(seat, &mut ctx, batch, (0, handled), trouble);
                    return Err(NotRun::Failed);
                }
                Step::Async(mail) => batch.push_front(mail),
                Step::Budget | Step::Signalled => {}
            }
            // Rule 2 of the cell: the turn first, then the phase.
            drop(seat);
            self.give_back(batch, 0, handled, None);
            return Err(NotRun::Left);
        }
    }

    /// Where a sender would have to wait for room, and nobody runs the actor yet, the sender handles what is queued: that costs
    /// less than to wait for a task and to be woken.
    #[inline(never)]
    pub(super) fn make_room<'a>(self: &'a Arc<Self>, mut state: Locked<'a, A>) -> Locked<'a, A> {
        if !A::CONFIG.allows_inline()
            || state.phase != Phase::Scheduled
            || !self.has_quick_guests()
            || self.mailbox_config().backpressure != BackpressureStrategy::Block
            || state.mailbox.has_waiting()
            || self.signal.load(Ordering::Acquire) != 0
            || instrument::is_on()
            || !self.kernel.is_here()
            || !self.may_help(&mut state)
        {
            return state;
        }
        if let Ok(Guest { seat, batch, handled, .. }) = self.run_queued(state) {
            drop(seat);
            self.give_back(batch, 0, handled, None);
        }
        crate::yields::count_anew();
        self.state.lock()
    }

    /// Where a swift handler runs at this moment on another thread, and nobody waits for it to be done, that is sooner than a task
    /// is woken.
    #[inline]
    pub(super) fn wait_a_moment<'a>(&'a self, state: Locked<'a, A>) -> Locked<'a, A> {
        // Asleep, it runs nowhere: it waits for something. Closed, it comes to its end, and that may take long. With its message in
        // a parcel, it is not run yet.
        if state.phase != Phase::Running
            || state.asleep
            || state.closed
            || self.state.is_carried()
            || !self.state.is_swift()
            || !state.mailbox.is_at_rest()
            || !self.kernel.crowd.has_company()
        {
            return state;
        }
        drop(state);
        // Far apart: each look takes the cell away from whoever runs it, and while this one pauses, that one handles several.
        for _ in 0..LOOKS {
            for _ in 0..MOMENT {
                crate::sync::spin_loop();
            }
            if self.state.looks_open() {
                break;
            }
        }
        // Many of them, one after the other, would keep this thread for long.
        crate::yields::count_anew();
        self.state.lock()
    }

    /// Runs the handler of an asked message. The answer lies in `spot` then, whatever it is.
    fn answer_here(
        self: &Arc<Self>,
        seat: &mut Turn<'_, A>,
        ctx: &mut Context<A>,
        message: A::Message,
        spot: &mut (dyn AnySpot + 'static),
        sample: bool,
    ) -> Asked<A::Message> {
        let Some(actor) = seat.as_mut() else { return Asked::Later(message) };
        let began = sample.then(Instant::now);
        let room = self.room_here();
        let mut outcome = None;
        let caught = watched(|| {
            outcome = Some(match self.about_to_handle(std::any::type_name::<A::Message>()) {
                Ok(()) => room.within(|| actor.handle_plain(message, ctx, &mut Answer::here(spot))),
                Err(fault) => Plain::Done(Err(fault)),
            });
        });
        let asked = self.look_at(outcome, caught, ctx, spot);
        if let Some(began) = began {
            self.note_speed(began.elapsed());
        }
        asked
    }

    /// What came of an asked message, whatever it is.
    #[inline(never)]
    fn look_at(
        &self,
        outcome: Option<Plain<A::Message>>,
        caught: std::thread::Result<()>,
        ctx: &mut Context<A>,
        spot: &mut (dyn AnySpot + 'static),
    ) -> Asked<A::Message> {
        let record = Record::of_message::<A>();
        self.count_told_errors();
        let (handled, verdict) = match caught.map(|()| outcome) {
            Ok(Some(Plain::Done(outcome))) => match ctx.trouble(outcome, record) {
                None => (1, None),
                Some(trouble) => {
                    let handled = match &trouble {
                        Trouble::Stop(_) => 1,
                        Trouble::Failed { error, .. } => {
                            spot.fail(ask_error(error));
                            0
                        }
                    };
                    (handled, Some(trouble))
                }
            },
            Ok(Some(Plain::Later(message))) => return Asked::Later(message),
            Ok(None) => (0, None),
            Err(payload) => {
                let error = ActorError::panic(payload);
                spot.fail(AskError::Crashed { reason: error.reason() });
                // As by the long way: what the handler wished for goes down with it.
                ctx.renew();
                (0, Some(Trouble::Failed { error, record }))
            }
        };
        if spot.is_empty() {
            spot.fail(AskError::NoReply);
        }
        Asked::Done { handled, verdict }
    }

    /// The span of a message that runs on its asker's turn.
    #[inline]
    fn room_here(&self) -> Room {
        let name = || crate::process::AnyCell::name(self);
        Room::of(self.pid, std::any::type_name::<A>(), name, || Some(Caller::current()))
    }

    #[inline(never)]
    fn settle_asked(
        self: &Arc<Self>,
        seat: Turn<'_, A>,
        mut ctx: Context<A>,
        asked: Asked<A::Message>,
        mut batch: VecDeque<Mail<A>>,
        before: u32,
    ) -> Result<(), A::Message> {
        ctx.follow_up(&mut batch);
        // Rule 2, where the turn is given back: it first, then the phase.
        match asked {
            Asked::Done { handled, verdict: Some(trouble) } => {
                self.fail_as_guest(seat, &mut ctx, batch, (1, before + handled), trouble);
                Ok(())
            }
            Asked::Done { handled, verdict: None } => {
                drop(seat);
                self.give_back(batch, 1, before + handled, None);
                Ok(())
            }
            Asked::Later(message) => {
                drop(seat);
                self.give_back(batch, 0, before, None);
                Err(message)
            }
        }
    }

    pub(super) fn give_back(
        self: &Arc<Self>,
        mut batch: VecDeque<Mail<A>>,
        accepted: u32,
        handled: u32,
        verdict: Option<Trouble>,
    ) {
        let mut state = self.state.lock();
        let by_ask = accepted.min(handled);
        if by_ask > 0 {
            self.state.count();
        }
        state.count_accepted(accepted - by_ask, &self.kernel);
        state.count_handled(handled - by_ask, &self.kernel);
        if !batch.is_empty() {
            state.mailbox.restore(&mut batch);
        } else if state.mailbox.is_empty() && state.task && !state.asleep && batch.capacity() > HELP {
            // The next messages find room made; its task, which looks soon, gives it back.
            state.mailbox.swap(&mut batch);
        }
        self.ahead.store(0, Ordering::Relaxed);
        let wanted =
            verdict.is_some() || !state.mailbox.is_at_rest() || self.signal.load(Ordering::Acquire) != 0;
        if let Some(verdict) = verdict {
            state.more().verdict = Some(verdict);
        }
        let action = if wanted {
            state.phase = Phase::Scheduled;
            state.rouse()
        } else {
            state.phase = Phase::Idle;
            state.dismiss()
        };
        drop(state);
        self.depart(action);
    }
}
