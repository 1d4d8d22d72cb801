//! An ask of a plain handler on an idle actor needs no hop: the asker takes the actor's turn.
//!
//! Nobody can tell, but by speed: what is queued goes first, a failure is left to the actor's own task
//! as a verdict, and the turn is given back as any other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::actor::{Actor, Plain};
use crate::config::BackpressureStrategy;
use crate::context::Context;
use crate::error::{ActorError, AskError};
use crate::instrument::{Caller, Room};
use crate::mail::Mail;
use crate::reply::{Answer, AnySpot, watched};

use super::handle::{Record, Step, Trouble, ask_error, run_plain};
use super::state::Phase;
use super::{Action, Cell};

/// How many queued plain messages an asker runs before its own.
const HELP: usize = 8;
/// The first few runs are timed, and one in so many.
const FIRST: u32 = 8;
const SAMPLE: u32 = 64;
/// How many slow runs in a row make an actor slow; one asker in so many then looks again.
const PATIENCE: u8 = 2;
const AGAIN: u32 = 1_024;
/// A plain handler that takes longer has its actor asked the long way.
const LONG: Duration = Duration::from_micros(100);

impl<A: Actor> Cell<A> {
    /// Handles a message here and now, if the actor is idle and its handler plain; else gives it back.
    pub(crate) fn ask_here(
        self: &Arc<Self>,
        message: A::Message,
        spot: &mut dyn AnySpot,
    ) -> Result<(), A::Message> {
        if !A::CONFIG.allows_inline()
            || !A::is_plain(&message)
            || !self.kernel.is_here()
            || self.kernel.schedule.as_ref().is_some_and(|schedule| schedule.coin())
        {
            return Err(message);
        }
        let mut batch = VecDeque::new();
        let sample;
        {
            let mut state = self.state.lock();
            if !matches!(state.phase, Phase::Idle | Phase::Scheduled)
                || state.closed
                || state.mailbox.has_waiting()
                || self.signal.load(Ordering::Acquire) != 0
                || (self.slow.load(Ordering::Relaxed) >= PATIENCE && !state.handled.is_multiple_of(AGAIN))
            {
                return Err(message);
            }
            if state.phase == Phase::Scheduled {
                // With `drop_oldest`, what waits has to stay where it can be evicted.
                let help = self.mailbox_config().backpressure != BackpressureStrategy::DropOldest
                    && state.mailbox.len() <= HELP
                    && state.mailbox.iter().all(Mail::is_plain);
                if !help || state.more_if_any().is_some_and(|more| more.verdict.is_some()) {
                    return Err(message);
                }
                let ahead = state.mailbox.swap(&mut batch);
                self.ahead.store(ahead, Ordering::Relaxed);
            }
            state.phase = Phase::Running;
            sample = state.handled < FIRST || state.handled.is_multiple_of(SAMPLE);
        }
        let Some(mut seat) = self.seat.try_take() else {
            // Rule 2 of the cell is broken if this happens; the long way is right all the same.
            self.give_back(batch, 0, 0, None);
            return Err(message);
        };
        let mut ctx = Context::new(self.clone());
        let mut handled = 0;
        if !batch.is_empty() {
            let mut budget = HELP as u32;
            let step = match seat.as_mut() {
                Some(actor) => run_plain(self, actor, &mut ctx, &mut batch, &mut budget, &mut handled),
                None => Step::Signalled,
            };
            let verdict = match step {
                Step::Drained => None,
                Step::Budget if batch.is_empty() => None,
                Step::Trouble(trouble) => Some(Some(trouble)),
                Step::Async(mail) => {
                    batch.push_front(mail);
                    Some(None)
                }
                Step::Budget | Step::Signalled => Some(None),
            };
            if let Some(verdict) = verdict {
                drop(seat);
                self.give_back(batch, 0, handled, verdict);
                return Err(message);
            }
        }
        let began = sample.then(Instant::now);
        let mut verdict = None;
        let Some(actor) = seat.as_mut() else {
            drop(seat);
            self.give_back(batch, 0, handled, None);
            return Err(message);
        };
        let caller = Caller::current();
        let room = Room::of(
            self.pid,
            std::any::type_name::<A>(),
            || crate::process::AnyCell::name(&**self),
            Some(&caller),
        );
        let record = Record { counted: true, message_type: std::any::type_name::<A::Message>() };
        let outcome = watched(|| match self.about_to_handle(record.message_type) {
            Ok(()) => room.within(|| actor.handle_plain(message, &mut ctx, &mut Answer::here(spot))),
            Err(fault) => Plain::Done(Err(fault)),
        });
        self.count_told_errors();
        ctx.follow_up(&mut batch);
        match outcome {
            Ok(Plain::Done(outcome)) => match ctx.trouble(outcome, record) {
                None => handled += 1,
                Some(trouble) => {
                    match &trouble {
                        Trouble::Stop(_) => handled += 1,
                        Trouble::Failed { error, .. } => spot.fail(ask_error(error)),
                    }
                    verdict = Some(trouble);
                }
            },
            Ok(Plain::Later(message)) => {
                // `is_plain` said otherwise: the long way settles it.
                drop(seat);
                self.give_back(batch, 0, handled, None);
                return Err(message);
            }
            Err(payload) => {
                let error = ActorError::panic(payload);
                spot.fail(AskError::Crashed { reason: error.reason() });
                verdict = Some(Trouble::Failed { error, record });
            }
        }
        if let Some(began) = began {
            let slow = match began.elapsed() > LONG {
                true => self.slow.load(Ordering::Relaxed).saturating_add(1),
                false => 0,
            };
            self.slow.store(slow, Ordering::Relaxed);
        }
        if spot.is_empty() {
            spot.fail(AskError::NoReply);
        }
        // Rule 2: the turn first, then the phase.
        drop(seat);
        self.give_back(batch, 1, handled, verdict);
        Ok(())
    }

    fn give_back(
        self: &Arc<Self>,
        mut batch: VecDeque<Mail<A>>,
        accepted: u32,
        handled: u32,
        verdict: Option<Trouble>,
    ) {
        let mut state = self.state.lock();
        state.count_accepted(accepted, &self.kernel);
        state.count_handled(handled, &self.kernel);
        if !batch.is_empty() {
            state.mailbox.restore(&mut batch);
        }
        self.ahead.store(0, Ordering::Relaxed);
        let wanted = verdict.is_some()
            || !state.mailbox.is_empty()
            || state.mailbox.has_waiting()
            || self.signal.load(Ordering::Acquire) != 0;
        if let Some(verdict) = verdict {
            state.more().verdict = Some(verdict);
        }
        let action = if wanted {
            state.phase = Phase::Scheduled;
            state.rouse()
        } else {
            state.phase = Phase::Idle;
            Action::Nothing
        };
        drop(state);
        self.act(action);
    }
}
