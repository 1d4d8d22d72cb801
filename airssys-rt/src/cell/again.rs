//! A restart needs no hop: who ended tells its idle supervisor on the spot, and begins its next incarnation there.
//!
//! The task of an actor that has failed takes its supervisor's turn, as an asker takes the one of whom it asks. What the
//! supervisor decides without awaiting is done then; where the state of the next incarnation is made at once, too, the
//! task goes on with the next message when it gets back to its loop. Whatever has to wait goes the long way from there:
//! the supervisor's own task waits for it, before anything else that is queued.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context as Waking, Poll, Waker};
use std::time::Instant;

use tokio::sync::oneshot;

use crate::actor::Actor;
use crate::context::Context;
use crate::error::ActorError;
use crate::exit::ExitReason;
use crate::instrument;
use crate::kernel::count;
use crate::mail::Mail;
use crate::reply::watched;
use crate::seat::Turn;

use super::gate::LONG;
use super::handle::{Record, Trouble};
use super::state::{Failure, Launch, Make, Phase};
use super::{Cell, signal};

/// What a notice leaves to its actor's own task.
pub(crate) enum Left<A: Actor> {
    Nothing,
    /// To be done before anything else.
    More(Mail<A>),
    /// Its end.
    Stop(ExitReason),
}

/// How far an incarnation was begun.
pub(crate) enum Begun {
    Started,
    /// The actor's own task goes on with it, and says what comes of it.
    Waits(oneshot::Receiver<Result<(), Failure>>),
    /// It has to be launched.
    No,
}

impl<A: Actor> Cell<A> {
    /// Handles a notice on the turn of who brings it, if the actor is idle; else it is given back.
    pub(crate) fn notice_here<N>(
        self: &Arc<Self>,
        message_type: &'static str,
        notice: N,
        handle: impl FnOnce(&mut A, &mut Context<A>, N) -> Left<A>,
    ) -> Result<(), N> {
        if !self.kernel.is_here() || self.kernel.schedule.as_ref().is_some_and(|schedule| schedule.coin()) {
            return Err(notice);
        }
        let mut state = self.state.lock();
        // An idle actor is open and unsignalled: each of them would have scheduled it.
        if state.phase != Phase::Idle {
            return Err(notice);
        }
        state.phase = Phase::Running;
        drop(state);
        let Some(mut seat) = self.seat.try_take() else {
            // Rule 2 of the cell is broken if this happens; the long way is right all the same.
            self.give_back(VecDeque::new(), 0, 0, None);
            return Err(notice);
        };
        let record = Record { counted: false, message_type };
        let mut ctx = Context::new(self.clone());
        let room = self.room(None);
        let outcome = watched(|| {
            self.about_to_handle(message_type)?;
            Ok(match seat.as_mut() {
                Some(actor) => room.within(|| handle(actor, &mut ctx, notice)),
                None => Left::Nothing,
            })
        });
        self.count_told_errors();
        let mut batch = VecDeque::new();
        let verdict = match outcome {
            Ok(Ok(Left::Nothing)) => None,
            Ok(Ok(Left::More(mail))) => {
                batch.push_back(mail);
                None
            }
            Ok(Ok(Left::Stop(reason))) => Some(Trouble::Stop(reason)),
            Ok(Err(error)) => Some(Trouble::Failed { error, record }),
            Err(payload) => Some(Trouble::Failed { error: ActorError::panic(payload), record }),
        };
        // Rule 2: the turn first, then the phase.
        drop(seat);
        self.give_back(batch, 0, 0, verdict);
        Ok(())
    }

    /// Ends an incarnation that has failed, where nothing of that awaits; else the failure is given back.
    ///
    /// Whoever has the turn may do this, and has given it back then.
    pub(super) fn fail_here(
        self: &Arc<Self>,
        seat: &mut Option<Turn<'_, A>>,
        ctx: &mut Context<A>,
        trouble: Trouble,
        batch: &mut VecDeque<Mail<A>>,
        handled: u32,
    ) -> Result<(), Trouble> {
        let (error, record) = match trouble {
            Trouble::Failed { error, record } if !A::HANDLES_ERRORS && (!A::STOPS || error.is_panic()) => {
                (error, record)
            }
            trouble => return Err(trouble),
        };
        let mut state = self.state.lock();
        let alone = state.more_if_any().is_none_or(|more| more.owned.is_empty());
        if !alone || self.signal.load(Ordering::Acquire) & signal::DROPS != 0 {
            return Err(Trouble::Failed { error, record });
        }
        let Some(mut turn) = seat.take() else { return Err(Trouble::Failed { error, record }) };
        state.ending = true;
        drop(state);
        self.note_failure(&error, record);
        count(&self.kernel.totals.lost_in_hand, u64::from(record.counted));
        self.end_incarnation(ctx);
        self.drop_state(&mut turn);
        drop(turn);
        self.over(error.reason(), false, batch, handled, true);
        Ok(())
    }

    /// What an asker's turn has brought: dealt with here where its task would do no more, or left to that.
    pub(super) fn fail_as_guest(
        self: &Arc<Self>,
        seat: Turn<'_, A>,
        ctx: &mut Context<A>,
        mut batch: VecDeque<Mail<A>>,
        (accepted, handled): (u32, u32),
        trouble: Trouble,
    ) {
        let mut seat = Some(seat);
        // A start expression is no part of a message: it knows no asker's span. An end for good is the task's affair.
        let may = !instrument::is_on()
            && self.state.lock().rare.as_ref().is_some_and(|rare| rare.owner.is_some())
            && self.kernel.schedule.as_ref().is_none_or(|schedule| !schedule.coin());
        let trouble = match may {
            true => {
                self.state.lock().count_accepted(accepted, &self.kernel);
                match self.fail_here(&mut seat, ctx, trouble, &mut batch, handled) {
                    Ok(()) => return,
                    Err(trouble) => trouble,
                }
            }
            false => trouble,
        };
        drop(seat);
        self.give_back(batch, if may { 0 } else { accepted }, handled, Some(trouble));
    }

    /// Whether the next incarnation may be begun by whoever restarts it: nothing of it awaits or takes long, as it seems.
    pub(crate) fn may_start_here(&self) -> bool {
        if A::STARTS || A::CONFIG.may_block() {
            return false;
        }
        let state = self.state.lock();
        state.phase == Phase::Down && state.starts_fast
    }

    /// Begins the next incarnation here and now.
    pub(crate) fn start_here(self: &Arc<Self>, make: Make<A>) -> Begun {
        let mut state = self.state.lock();
        if state.phase != Phase::Down {
            return Begun::No;
        }
        let Some(mut seat) = self.seat.try_take() else { return Begun::No };
        let settled = self.begin_start(&mut state);
        drop(state);
        Self::resolve(settled, &ExitReason::Shutdown);
        let began = Instant::now();
        let mut ctx = Context::new(self.clone());
        let started = self.make_here(make).and_then(|actor| {
            *seat = Some(actor);
            self.incarnation.fetch_add(1, Ordering::AcqRel);
            let prepared = catch_unwind(AssertUnwindSafe(|| ctx.prepare()));
            let failure = prepared.err().map(ActorError::panic).or_else(|| ctx.take_failure());
            let Some(error) = failure else { return Ok(()) };
            self.incarnation.fetch_sub(1, Ordering::AcqRel);
            self.end_incarnation(&mut ctx);
            self.drop_state(&mut seat);
            Err(failing(error))
        });
        let Err(make) = started else {
            self.note_start(self.incarnation.load(Ordering::Relaxed));
            if !self.is_fast(began) {
                self.state.lock().starts_fast = false;
            }
            let verdict = ctx.take_stop().map(Trouble::Stop);
            let mut batch = VecDeque::new();
            ctx.follow_up(&mut batch);
            // Rule 2: the turn first, then the phase.
            drop(seat);
            self.give_back(batch, 0, 0, verdict);
            return Begun::Started;
        };
        drop(seat);
        let (started, outcome) = oneshot::channel();
        let mut state = self.state.lock();
        state.starts_fast = false;
        state.rare().put_launch(Launch { make: Some(make), started: Some(started) });
        let action = state.rouse();
        drop(state);
        self.depart(action);
        Begun::Waits(outcome)
    }

    /// Whether a start that began then was done in no time; always in a simulation, which knows no such time.
    pub(super) fn is_fast(&self, began: Instant) -> bool {
        self.kernel.schedule.is_some() || began.elapsed() < LONG
    }

    /// The state, if it is made at once; else what the actor's own task goes on with, or fails by.
    fn make_here(self: &Arc<Self>, mut make: Make<A>) -> Result<A, Make<A>> {
        // Its waker wakes nobody: pending, it is polled again by the task.
        match self.poll_here(make.as_mut(), &mut Waking::from_waker(Waker::noop())) {
            Ok(Poll::Ready(Ok(actor))) => Ok(actor),
            Ok(Poll::Ready(Err(error))) => Err(failing(error)),
            Ok(Poll::Pending) => Err(make),
            Err(payload) => Err(failing(ActorError::panic(payload))),
        }
    }
}

/// Fails as what was begun here has failed.
fn failing<A: Actor>(error: ActorError) -> Make<A> {
    Box::pin(std::future::ready(Err(error)))
}
