//! How an incarnation ends, and how an actor ends for good: every step in its order, each exactly once.
//!
//! ```text
//! stop handler ▶ tasks, timers ▶ state dropped ▶ owned actors ended ▶ Down ─┬▶ supervisor decides ▶ launch
//!                                                                           └▶ bury: dead letters ▶ groups, name
//!                                                                              ▶ monitors ▶ waiters
//! ```

use std::cell::Cell as Depth;
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::actor::Actor;
use crate::context::Context;
use crate::error::{AskError, answer, discard, panic_text, wake};
use crate::exit::{Down, Exit, ExitReason, MonitorId};
use crate::instrument;
use crate::mail::Mail;
use crate::mailbox::Ticket;
use crate::process::{AnyCell, ChildEnd, Ending, LinkKey, Overdue, Tally, Until, Watcher};
use crate::seat::Turn;
use crate::sorted::Sorted;
use crate::testing::log::Event;

use super::gate::Locked;
use super::guard::Interrupt;
use super::state::{Failure, Had, Limit, More, Phase, Simple, State};
use super::{Cell, signal};

/// How long a killed actor may take to let go before it is reported as leaked: it does not yield.
const GRACE: Duration = Duration::from_secs(1);
/// How long a stop handler may take when nobody said otherwise.
pub(crate) const STOP_LIMIT: Duration = Duration::from_secs(5);
/// How deep ends may nest on one stack: a state may hold the last reference to the next actor, and so on.
const DEPTH: u32 = 8;

thread_local! {
    static ENDING: Depth<u32> = const { Depth::new(0) };
}

/// How an incarnation is to end.
pub(super) struct End {
    pub(super) reason: ExitReason,
    /// Whether the stop handler runs.
    pub(super) hook: bool,
    pub(super) escalate: bool,
}

impl<A: Actor> Cell<A> {
    /// Asks for the end. False when the actor has ended already.
    pub(super) fn request_end(self: &Arc<Self>, ending: Ending, for_good: bool) -> bool {
        let mut state = self.state.lock();
        if state.phase == Phase::Ended {
            return false;
        }
        if matches!(state.phase, Phase::Down | Phase::Unborn) {
            // Nothing runs; what comes next is the supervisor's to say.
            return true;
        }
        self.signal.fetch_or(bit_of(ending), Ordering::AcqRel);
        let mut turned_away = VecDeque::new();
        if for_good && ending != Ending::Kill {
            state.closed = true;
            turned_away = state.mailbox.turn_away();
            self.waiting.store(false, Ordering::SeqCst);
        }
        if state.phase == Phase::Idle && self.may_end_here(&mut state) {
            self.end_here(state);
            refuse(turned_away);
            return true;
        }
        let action = match ending {
            Ending::Kill => state.interrupt(),
            Ending::Stop | Ending::Drain => state.schedule(),
        };
        drop(state);
        refuse(turned_away);
        self.act(action);
        true
    }

    /// Ends here and now an idle actor that has no owner, and says how it ended; `None` when it takes the usual way.
    pub(super) fn end_at_once(self: &Arc<Self>, ending: Ending) -> Option<ExitReason> {
        let mut state = self.state.lock();
        if state.phase != Phase::Idle
            || state.rare.as_ref().is_some_and(|rare| rare.owner.is_some())
            || !self.may_end_here(&mut state)
        {
            return None;
        }
        self.signal.fetch_or(bit_of(ending), Ordering::AcqRel);
        state.closed = true;
        self.end_here(state)
    }

    /// Ends here and now an idle actor that has lost its last reference, and of which nobody knows: nobody named it,
    /// watches it, waits for it, or has sent anything. False, and nothing done, where any of this is not so.
    pub(super) fn end_unnoticed(self: &Arc<Self>) -> bool {
        let state = self.state.lock();
        state.phase == Phase::Idle && self.end_quietly(state).is_ok()
    }

    /// As [`end_unnoticed`](Self::end_unnoticed), with the lock in hand and nobody on the turn.
    pub(super) fn end_quietly<'a>(
        self: &'a Arc<Self>,
        mut state: Locked<'a, A>,
    ) -> Result<(), Locked<'a, A>> {
        if state.rare.is_some()
            || !state.mailbox.is_at_rest()
            || self.kernel.schedule.is_some()
            || instrument::is_on()
            || !self.may_end_here(&mut state)
        {
            return Err(state);
        }
        self.signal.fetch_or(signal::DRAIN, Ordering::AcqRel);
        state.phase = Phase::Running;
        state.closed = true;
        drop(state);
        if std::mem::needs_drop::<A>() {
            ENDING.set(ENDING.get() + 1);
            if let Some(mut seat) = self.seat.try_take() {
                self.drop_state(&mut seat);
            }
            ENDING.set(ENDING.get() - 1);
        }
        self.kernel.table.remove(self.pid);
        let mut state = self.state.lock();
        if state.rare.is_some()
            || !state.mailbox.is_at_rest()
            || self.signal.load(Ordering::Acquire) != signal::DRAIN
        {
            // Somebody found it after all.
            self.be_over(state, self.signalled().reason);
            return Ok(());
        }
        state.phase = Phase::Ended;
        state.reason = Some(Simple::Normal);
        let (accepted, handled) = self.take_counts(&mut state);
        let waker = state.waker.take();
        drop(state);
        if accepted | handled != 0 {
            let tally = Tally { accepted: accepted.into(), handled: handled.into(), ..Tally::default() };
            self.kernel.retire(tally);
        }
        if let Some(waker) = waker {
            // The parked task leaves.
            waker.wake();
        }
        Ok(())
    }

    /// Whether an idle actor can end on this stack: nothing of its end awaits.
    fn may_end_here(&self, state: &mut State<A>) -> bool {
        !A::STOPS
            && ENDING.get() < DEPTH
            && state.more_if_any().is_none_or(|more| more.owned.is_empty())
            && (!std::mem::needs_drop::<A>() || self.may_drop_here(state))
    }

    /// Whether the state may be dropped on this stack. Its destructor may block: not its supervisor, nor a shutdown,
    /// which are bounded.
    fn may_drop_here(&self, state: &State<A>) -> bool {
        !A::CONFIG.may_block()
            && state.rare.as_ref().is_none_or(|rare| rare.owner.is_none())
            && !self.kernel.is_closing()
            && self.kernel.is_here()
    }

    /// Says how it ended: others may have asked for it meanwhile, in another way.
    fn end_here(self: &Arc<Self>, mut state: Locked<'_, A>) -> Option<ExitReason> {
        state.phase = Phase::Running;
        // Nobody named it, watches it or waits for it: its end is its own.
        let alone = state.rare.is_none();
        drop(state);
        let mut seat = self.seat.try_take()?;
        ENDING.set(ENDING.get() + 1);
        let reason = self.signalled().reason;
        if !alone {
            self.stop_helpers();
        }
        self.drop_state(&mut seat);
        drop(seat);
        self.be_over(self.state.lock(), reason.clone());
        ENDING.set(ENDING.get() - 1);
        Some(reason)
    }

    /// The state of an actor that has ended on this stack is gone: nothing was in hand.
    fn be_over<'a>(self: &'a Arc<Self>, mut state: Locked<'a, A>, reason: ExitReason) {
        if state.rare.is_none() {
            state.phase = Phase::Down;
            self.bring_to_end(state, reason);
        } else {
            drop(state);
            self.over(reason, false, &mut VecDeque::new(), 0, false);
        }
    }

    /// Ends the incarnation: the stop handler, its helpers, its state, what it owns. Says the reason.
    pub(super) async fn finish(
        self: &Arc<Self>,
        mut seat: Turn<'_, A>,
        ctx: &mut Context<A>,
        end: End,
    ) -> (ExitReason, bool) {
        self.state.lock().ending = true;
        let mut reason = end.reason;
        if A::STOPS
            && end.hook
            && let Some(actor) = seat.as_mut()
        {
            reason = self.run_stop_handler(actor, ctx, reason).await;
        }
        self.end_incarnation(ctx);
        self.drop_state(&mut seat);
        drop(seat);
        self.reap().await;
        (reason, end.escalate)
    }

    async fn run_stop_handler(
        self: &Arc<Self>,
        actor: &mut A,
        ctx: &mut Context<A>,
        reason: ExitReason,
    ) -> ExitReason {
        let limit = self.papers().map_or(Limit::Default, |papers| papers.sheet().limit());
        let limit = match limit {
            Limit::Default => Some(STOP_LIMIT),
            Limit::After(limit) => Some(limit),
            Limit::Never => None,
        };
        // Called within: what comes before its first await may panic, too.
        let hook = self.guarded(None, None, async { actor.on_stop(reason.clone(), ctx).await });
        let outcome = match limit {
            Some(limit) => tokio::time::timeout(limit, hook).await,
            None => Ok(hook.await),
        };
        let actor_type = std::any::type_name::<A>();
        match outcome {
            Ok(Ok(Ok(()))) => reason,
            Ok(Ok(Err(error))) => {
                let text = crate::error::text_of(&error);
                instrument::hook_failed(self.pid, actor_type, "stop", &text);
                reason
            }
            Ok(Err(Interrupt::Panicked(payload))) => {
                instrument::hook_failed(self.pid, actor_type, "stop", &panic_text(payload));
                reason
            }
            Ok(Err(Interrupt::Dropped)) => self.signalled().reason,
            Err(_) => {
                instrument::hook_failed(self.pid, actor_type, "stop", "it took longer than its limit");
                ExitReason::Killed
            }
        }
    }

    /// Ends what belongs to the incarnation and not to the actor.
    pub(super) fn end_incarnation(&self, ctx: &mut Context<A>) {
        ctx.renew();
        self.stop_helpers();
    }

    fn stop_helpers(&self) {
        let (tasks, timers, watching, subscriptions, asking);
        {
            let mut state = self.state.lock();
            let Some(more) = state.more_if_any() else { return };
            tasks = std::mem::take(&mut more.tasks);
            timers = std::mem::take(&mut more.timers);
            watching = std::mem::take(&mut more.watching);
            asking = std::mem::take(&mut more.asking);
            subscriptions = more.subscriptions.extract_if(.., |one| !one.declared).collect::<Vec<_>>();
        }
        for timer in &timers {
            self.kernel.timers.cancel(timer);
        }
        for (id, target) in watching.into_entries() {
            if let Some(target) = target.upgrade() {
                target.remove_monitor(id);
            }
        }
        for subscription in subscriptions {
            subscription.cancel(LinkKey::of(self));
        }
        // The senders dropped, the tasks end.
        drop((tasks, asking));
    }

    pub(super) fn drop_state(&self, seat: &mut Turn<'_, A>) {
        if let Err(text) = discard(seat.take()) {
            instrument::hook_failed(self.pid, std::any::type_name::<A>(), "drop", &text);
        }
    }

    /// Ends whatever this incarnation started and has not ended: the latest first.
    pub(super) async fn reap(self: &Arc<Self>) {
        let owned = self.wards().into_iter();
        let owned: Vec<_> =
            owned.filter_map(|(ward, declared)| Some((self.kernel.table.get(ward)?, declared))).collect();
        if owned.is_empty() {
            return;
        }
        self.with_more(|more| more.reaps = true);
        for (child, declared) in owned.iter().rev() {
            child.clone().request(Ending::Kill, !declared);
        }
        // One deadline for all of them: they end at the same time.
        let until = Instant::now() + GRACE;
        for (child, declared) in owned.into_iter().rev() {
            end_until(&child, until).await;
            if !declared {
                child.bury(ExitReason::Killed);
            }
        }
    }

    /// The incarnation is over: the supervisor decides what comes next, or the actor ends for good.
    ///
    /// `at_home` says that the actor's own task runs this, and goes on.
    pub(super) fn over(
        self: &Arc<Self>,
        reason: ExitReason,
        escalate: bool,
        batch: &mut VecDeque<Mail<A>>,
        handled: u32,
        at_home: bool,
    ) {
        let incarnation = self.incarnation.load(Ordering::Acquire);
        self.kernel.note(&**self, || Event::Down { incarnation, reason: reason.clone() });
        let mut state = self.state.lock();
        state.count_handled(handled, &self.kernel);
        state.mailbox.restore(batch);
        self.ahead.store(0, Ordering::Relaxed);
        state.let_go(&self.kernel);
        let owner = state.rare.as_ref().and_then(|rare| rare.owner.clone());
        if owner.is_none() {
            drop(state);
            if reason.is_abnormal() {
                self.fire_links(&reason);
            }
            return self.end_for_good(reason);
        }
        let displaced = state.rare().note_reason(&reason);
        // Told to stop by somebody other than its supervisor: the rest of the queue is not for the next one.
        let leftover = if state.closed { state.mailbox.clear().0 } else { VecDeque::new() };
        let waiters = state.take_waiters(|until| until == Until::Down);
        drop(state);
        let _ = discard(displaced);
        if reason == ExitReason::Killed {
            instrument::killed(self.pid, self.name().as_deref(), std::any::type_name::<A>(), &reason);
        }
        self.bury_letters(leftover, &reason);
        if reason.is_abnormal() {
            self.fire_links(&reason);
        }
        Self::resolve(waiters, &reason);
        let end = ChildEnd { pid: self.pid, incarnation, reason: &reason, escalate, at_home };
        if !owner.is_some_and(|owner| owner.child_ended(end)) {
            self.end_for_good(reason);
        }
    }

    /// A launch came to nothing.
    pub(super) fn not_started(
        self: &Arc<Self>,
        failure: Failure,
        started: Option<oneshot::Sender<Result<(), Failure>>>,
    ) {
        let reason = failure.reason();
        let mut state = self.state.lock();
        if !matches!(failure, Failure::Overlap) {
            self.signal.store(0, Ordering::Release);
        }
        state.let_go(&self.kernel);
        let displaced = state.rare().note_reason(&reason);
        let owner = state.rare.as_ref().and_then(|rare| rare.owner.clone());
        let waiters = state.take_waiters(|until| until == Until::Down);
        drop(state);
        let _ = discard(displaced);
        Self::resolve(waiters, &reason);
        if owner.is_none() {
            self.fire_links(&reason);
            self.end_for_good(reason.clone());
        }
        let heard = started.is_some_and(|started| answer(started, Err(failure)));
        // Whoever started it has given it up since, and could not bury what still ran.
        let Some(owner) = owner.filter(|_| !heard) else { return };
        let incarnation = self.incarnation.load(Ordering::Acquire);
        let end = ChildEnd { pid: self.pid, incarnation, reason: &reason, escalate: false, at_home: false };
        if !owner.child_ended(end) {
            self.end_for_good(reason);
        }
    }

    fn fire_links(self: &Arc<Self>, reason: &ExitReason) {
        let links = |more: &mut More| -> Vec<_> { more.links.values().filter_map(Weak::upgrade).collect() };
        for other in self.with_more(links).unwrap_or_default() {
            other.exit_signal(Exit { pid: self.pid, reason: reason.clone() });
        }
    }

    fn bury_letters(&self, letters: VecDeque<Mail<A>>, reason: &ExitReason) {
        for mail in letters {
            let error = match reason.is_abnormal() {
                true => AskError::Crashed { reason: reason.clone() },
                false => AskError::Stopped,
            };
            self.dead_letter(mail, reason, error);
        }
    }

    /// Ends for good an actor without an incarnation. Nothing happens while one runs, or after the first time.
    pub(super) fn end_for_good(self: &Arc<Self>, reason: ExitReason) {
        let state = self.state.lock();
        if matches!(state.phase, Phase::Down | Phase::Unborn) {
            self.bring_to_end(state, reason);
        }
    }

    fn bring_to_end(self: &Arc<Self>, mut state: Locked<'_, A>, reason: ExitReason) {
        state.phase = Phase::Ended;
        state.closed = true;
        // Until everything below is done, nobody hears that it has ended, whenever he comes to wait for it.
        state.ending = true;
        let left = (!state.mailbox.is_at_rest()).then(|| state.mailbox.clear());
        self.waiting.store(false, Ordering::SeqCst);
        let (accepted, handled) = self.take_counts(&mut state);
        let waker = state.waker.take();
        let mut reason = reason;
        let mut displaced = None;
        let belongings = match &mut state.rare {
            None => {
                state.reason = Simple::of(&reason);
                if state.reason.is_none() {
                    displaced = state.rare().note_reason(&reason);
                }
                None
            }
            Some(rare) => {
                // How the last incarnation ended is how the actor ended.
                match rare.reason() {
                    Some(known) => reason = known.clone(),
                    None => displaced = rare.note_reason(&reason),
                }
                Some(rare.give_up())
            }
        };
        drop(state);
        let _ = discard(displaced);
        if let Some(mut seat) = self.seat.try_take() {
            // A state that never came to run.
            self.drop_state(&mut seat);
        }
        let name = belongings.as_ref().and_then(|all| all.name.as_deref());
        instrument::stopped(self.pid, name, std::any::type_name::<A>(), &reason);
        self.kernel.note(&**self, || Event::Ended { reason: reason.clone() });
        self.kernel.retire(Tally { accepted: accepted.into(), handled: handled.into(), ..Tally::default() });
        if let Some((leftover, turned_away)) = left {
            refuse(turned_away);
            self.bury_letters(leftover, &reason);
        }
        let (owner, links) = match belongings {
            None => (None, None),
            Some(all) => {
                let (owner, more) = (all.owner, all.more);
                let links = more.map(|more| self.part_with(*more));
                // Promise 4: the name is free before anybody hears of the end.
                if let Some(name) = all.name {
                    self.kernel.registry.release(&name, self.pid);
                }
                (owner, links)
            }
        };
        self.kernel.table.remove(self.pid);
        let hearers = {
            let mut state = self.state.lock();
            state.ending = false;
            let hearers =
                |more: &mut More| (std::mem::take(&mut more.monitors), std::mem::take(&mut more.waiters));
            state.more_if_any().map(hearers)
        };
        let waiters = match hearers {
            None => Vec::new(),
            Some((monitors, waiters)) => {
                self.tell_of_end(monitors, &reason);
                waiters
            }
        };
        if let Some(links) = links {
            for other in links {
                other.remove_link(LinkKey::of(&**self));
                if !reason.is_abnormal() {
                    other.exit_signal(Exit { pid: self.pid, reason: reason.clone() });
                }
            }
        }
        if let Some(owner) = owner {
            owner.child_gone(self.pid);
        }
        Self::resolve(waiters, &reason);
        if let Some(waker) = waker {
            // The parked task leaves.
            waker.wake();
        }
    }

    /// Gives up what an ended actor had, its links excepted: they are told after the monitors.
    fn part_with(self: &Arc<Self>, had: Had) -> Vec<Arc<dyn AnyCell>> {
        for child in had.owned.iter().rev().filter_map(|(ward, _)| self.kernel.table.get(ward)) {
            child.bury(ExitReason::Shutdown);
        }
        for subscription in had.subscriptions {
            subscription.cancel(LinkKey::of(&**self));
        }
        // Promise 4: no group has the actor before anybody hears of the end.
        for ((group, _), membership) in had.groups.iter() {
            if let Some(kernel) = membership.kernel.upgrade() {
                kernel.roll.release(group, LinkKey::of(&**self), membership.number);
            }
        }
        for kernel in had.buses.iter().filter_map(Weak::upgrade) {
            kernel.bus.forget(LinkKey::of(&**self));
        }
        had.links.into_values().filter_map(|other| other.upgrade()).collect()
    }

    fn tell_of_end(&self, monitors: Sorted<MonitorId, Watcher>, reason: &ExitReason) {
        for (id, watcher) in monitors.into_entries() {
            let down = Down { monitor: id, pid: self.pid, reason: reason.clone() };
            match watcher {
                Watcher::Future(tell) => {
                    answer(tell, down);
                }
                Watcher::Actor(actor) => {
                    if let Some(actor) = actor.upgrade() {
                        actor.down(down);
                    }
                }
            }
        }
    }

    /// The task of this cell was dropped: its runtime goes away, or the framework itself failed. `had_turn` says whether it ran the
    /// actor, or started it.
    pub(super) fn abandoned(self: &Arc<Self>, had_turn: bool, batch: &mut VecDeque<Mail<A>>, handled: u32) {
        let mut state = self.state.lock();
        state.leave();
        if matches!(state.phase, Phase::Unborn | Phase::Down | Phase::Ended) {
            // No incarnation runs: what comes next is the supervisor's to say.
            return;
        }
        if let Some(adopted) = state.rare.as_mut().and_then(|rare| rare.adopted.take()) {
            drop(state);
            // It has the turn, and says the same of itself.
            let _ = discard(adopted);
            return;
        }
        let launch = state.rare.as_mut().and_then(|rare| rare.take_launch());
        let owned: Vec<_> = state.more_if_any().map(|more| more.owned.iter().collect()).unwrap_or_default();
        let is_elsewhere = match state.phase {
            // The bearer of a parcel has the turn, or a guest.
            Phase::Running => !had_turn,
            // Whoever restarts it on the spot has.
            Phase::Starting => !had_turn && launch.is_none(),
            _ => false,
        };
        if is_elsewhere {
            // Whoever it is finds the signal, and gets it a task, which is dropped at once.
            self.signal.fetch_or(signal::KILL, Ordering::AcqRel);
            return;
        }
        state.phase = Phase::Running;
        drop(state);
        let _ = discard(launch);
        self.stop_helpers();
        if let Some(mut seat) = self.seat.try_take() {
            self.drop_state(&mut seat);
        }
        for child in owned.into_iter().rev().filter_map(|(ward, _)| self.kernel.table.get(ward)) {
            child.clone().request(Ending::Kill, true);
            child.bury(ExitReason::Killed);
        }
        self.over(ExitReason::Killed, false, batch, handled, false);
    }
}

fn bit_of(ending: Ending) -> u8 {
    match ending {
        Ending::Stop => signal::STOP,
        Ending::Drain => signal::DRAIN,
        Ending::Kill => signal::KILL,
    }
}

fn refuse<T>(tickets: VecDeque<Arc<Ticket<T>>>) {
    for ticket in tickets {
        if let Some(waker) = ticket.refuse() {
            wake(waker);
        }
    }
}

/// Waits for the end of a killed actor's incarnation. False, and a report, when it does not yield.
pub(crate) async fn end_in_time(cell: &Arc<dyn AnyCell>) -> bool {
    end_until(cell, Instant::now() + GRACE).await
}

async fn end_until(cell: &Arc<dyn AnyCell>, mut until: Instant) -> bool {
    let mut ended = cell.wait(Until::Down);
    if ended.try_recv().is_ok() {
        return true;
    }
    // Reported once: it is not waited for again.
    if cell.is_leaked() {
        return false;
    }
    cell.kernel().keep_time();
    while tokio::time::timeout_at(until, &mut ended).await.is_err() {
        match cell.overdue() {
            Overdue::Ended => return true,
            // As bounded as this: level by level.
            Overdue::Reaps => until = Instant::now() + GRACE,
            Overdue::Leaked => return false,
        }
    }
    true
}
