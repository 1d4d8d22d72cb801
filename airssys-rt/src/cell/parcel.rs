//! A parcel: a told message that the task of its sender carries to an idle actor, past the mailbox.
//!
//! A message from actor to actor mostly finds somebody idle, and is handled on the same thread as soon as its sender's turn is over
//! (see `relay`). Then it needs no lock and no place in a queue: the sender takes the turn through the gate, as an
//! asker does, and keeps it with the message until it is run.
//!
//! Rules:
//!
//! 1. Whoever packs is inside the gate, and so is the parcel: nobody else runs the actor until it is delivered or handed in.
//! 2. The message takes room and is counted from the start: whoever takes the lock meanwhile sees to that (rule 5 of `gate`). If
//!    nobody does, it is counted when it is handled.
//! 3. A signal that is given meanwhile is looked at before the message is handled: it is handed in, before all that is queued.
//! 4. A parcel that nobody can deliver is handed in: the actor is scheduled then, and its task gets it.

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::actor::{Actor, Plain};
use crate::config::BackpressureStrategy;
use crate::context::Context;
use crate::error::ActorError;
use crate::letter::Letter;
use crate::mail::Mail;
use crate::reply::watched;
use crate::seat::Turn;

use super::gate::is_sampled;
use super::handle::{Record, Run, Trouble, crashed};
use super::relay;
use super::state::Phase;
use super::{Action, Cell, signal};

/// A box for a larger parcel is not kept for the next one.
const KEPT: usize = 512;
/// So many are kept.
const SPARES: usize = 16;

thread_local! {
    /// The boxes of the last parcels, for the next ones.
    static SPARE: RefCell<Vec<Box<dyn Carried>>> = const { RefCell::new(Vec::new()) };
}

/// A parcel for whomever.
pub(super) trait Carried: Any {
    /// Handles the message, and what has come meanwhile, as far as the budget goes.
    fn deliver(&mut self, budget: &mut u32);
    /// Rule 4.
    fn hand_in(&mut self);
    /// The address of whom it is for.
    fn target(&self) -> usize;
}

struct Parcel<A: Actor> {
    /// Neither is there in a box that waits for its next message.
    to: Option<Arc<Cell<A>>>,
    message: Option<A::Message>,
}

impl<A: Actor> Carried for Parcel<A> {
    fn deliver(&mut self, budget: &mut u32) {
        if let (Some(cell), Some(message)) = (self.to.take(), self.message.take()) {
            cell.deliver(message, budget);
        }
    }

    fn hand_in(&mut self) {
        if let (Some(cell), Some(message)) = (self.to.take(), self.message.take()) {
            cell.hand_in(message, false);
        }
    }

    fn target(&self) -> usize {
        self.to.as_ref().map_or(0, |to| Arc::as_ptr(to).addr())
    }
}

/// An empty box: the spare one, where it fits.
fn empty_box<A: Actor>() -> Box<Parcel<A>> {
    let others = || SPARE.try_with(|spare| spare.borrow_mut().pop()).ok().flatten();
    let spare = relay::spare().or_else(others);
    match spare.map(|spare| spare as Box<dyn Any>).map(<Box<dyn Any>>::downcast) {
        Some(Ok(parcel)) => parcel,
        _ => Box::new(Parcel { to: None, message: None }),
    }
}

/// Keeps an empty box.
pub(super) fn keep(empty: Box<dyn Carried>) {
    if size_of_val(&*empty) <= KEPT {
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < SPARES {
                spare.push(empty);
            }
        });
    }
}

impl<A: Actor> Cell<A> {
    /// Packs a told message for an idle actor whose handler is plain, and swift where others are before it. `None`, and nothing
    /// done, where it is not so.
    #[inline]
    pub(super) fn pack(
        self: &Arc<Self>,
        message: &mut Option<A::Message>,
        before: usize,
    ) -> Option<Box<dyn Carried>> {
        if !A::CONFIG.allows_inline()
            || (before > 0 && !self.state.is_swift())
            || !message.as_ref().is_some_and(A::is_plain)
            || self.kernel.schedule.is_some()
            || self.mailbox_config().backpressure == BackpressureStrategy::DropOldest
            || !self.state.enter_with_parcel()
        {
            return None;
        }
        let mut parcel = empty_box();
        parcel.to = Some(self.clone());
        parcel.message = message.take();
        Some(parcel)
    }

    /// Handles the message of a parcel.
    fn deliver(self: Arc<Self>, message: A::Message, budget: &mut u32) {
        if self.signal.load(Ordering::Acquire) & signal::INTERRUPTS != 0 {
            return self.hand_in(message, false);
        }
        let Some(mut seat) = self.seat.try_take() else { return self.hand_in(message, false) };
        let Some(actor) = seat.as_mut() else {
            drop(seat);
            return self.hand_in(message, false);
        };
        *budget = budget.saturating_sub(1);
        // Rule 2.
        let uncounted = self.state.unpack();
        if !uncounted {
            let _state = self.state.lock();
            self.state.put_down();
        }
        let began = is_sampled(self.state.counted()).then(Instant::now);
        let mut ctx = Context::new(self.clone());
        let mut run = Run::new(actor, message, &mut ctx, None);
        let caught = watched(|| run.go());
        let Run { message, smooth, outcome, .. } = run;
        self.count_told_errors();
        if let Some(began) = began {
            self.note_speed(began.elapsed());
        }
        if !smooth || caught.is_err() {
            return self.look_at_told(seat, ctx, outcome, caught, uncounted);
        }
        // Nothing lies in them, which the compiler cannot see: so no destructors that look.
        std::mem::forget((message, outcome, caught));
        ctx.put_down();
        // Rule 2 of the cell: the turn first, then the phase.
        drop(seat);
        if !uncounted {
            return self.catch_up(1, budget);
        }
        self.state.count();
        if self.state.is_slow() || !self.state.leave() {
            self.catch_up(0, budget);
        }
    }

    /// What came of the message of a parcel, where it is not only a changed state.
    #[inline(never)]
    fn look_at_told(
        self: &Arc<Self>,
        seat: Turn<'_, A>,
        mut ctx: Context<A>,
        outcome: Option<Plain<A::Message>>,
        caught: std::thread::Result<()>,
        uncounted: bool,
    ) {
        let record = Record::of_message::<A>();
        let mut batch = VecDeque::new();
        let trouble = match caught.map(|()| outcome) {
            Ok(Some(Plain::Done(outcome))) => {
                ctx.follow_up(&mut batch);
                ctx.trouble(outcome, record)
            }
            // `is_plain` said otherwise: the actor's task settles it.
            Ok(Some(Plain::Later(message))) => {
                drop(seat);
                return self.hand_in(message, uncounted);
            }
            Ok(None) => None,
            Err(payload) => Some(crashed(&mut ctx, ActorError::panic(payload), record)),
        };
        let counts = (u32::from(uncounted), u32::from(!matches!(trouble, Some(Trouble::Failed { .. }))));
        match trouble {
            Some(trouble) => self.fail_as_guest(seat, &mut ctx, batch, counts, trouble),
            None => {
                // Rule 2 of the cell: the turn first, then the phase.
                drop(seat);
                self.give_back(batch, counts.0, counts.1, None);
            }
        }
    }

    /// Rules 3 and 4. Not begun, it is counted: by this lock at the latest (rule 5 of `gate`).
    #[cold]
    fn hand_in(self: &Arc<Self>, message: A::Message, uncounted: bool) {
        let mut state = self.state.lock();
        self.state.put_down();
        state.count_accepted(u32::from(uncounted), &self.kernel);
        state.mailbox.push_front(Mail::Message(Letter { message, port: None }));
        if state.phase != Phase::Running {
            // Only a broken rule 1 gets here: the message waits for the next incarnation, if there is one.
            return;
        }
        state.phase = Phase::Scheduled;
        let action = state.rouse();
        drop(state);
        self.depart(action);
    }

    /// Somebody came while the turn was inside the gate.
    #[inline(never)]
    fn catch_up(self: Arc<Self>, handled: u32, budget: &mut u32) {
        let mut state = self.state.lock();
        self.pass_on_counts();
        state.count_handled(handled, &self.kernel);
        if state.mailbox.is_at_rest() {
            match self.signal.load(Ordering::Acquire) {
                0 => {
                    state.phase = Phase::Idle;
                    let action = state.dismiss();
                    drop(state);
                    return self.depart(action);
                }
                signal::DRAIN => match self.end_quietly(state) {
                    Ok(()) => return,
                    Err(kept) => state = kept,
                },
                _ => {}
            }
        }
        state.phase = Phase::Scheduled;
        let action = state.rouse();
        drop(state);
        match action {
            // Somebody is on the way, and will find it.
            Action::Nothing => {}
            action if *budget > 0 => self.run_here(action, budget),
            action => self.depart(action),
        }
    }
}
