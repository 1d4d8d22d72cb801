//! The supervisor itself: it carries out what `policy`, `strategy`, `intensity` and `backoff` decide.
//!
//! Rules:
//!
//! 1. A child's end is acted on once: a notice of an incarnation that is not the running one is stale, and
//!    buries a child that did not yield when it was ended for good.
//! 2. Children are in start order in `slots`, whatever happens to them; they are stopped in reverse.
//! 3. A restart that fails is tried again by a message to itself, so that requests are served in between;
//!    each try counts. A try whose ticket is not the child's present one is cancelled; tickets are never
//!    used again, not even by a later incarnation.
//! 4. Declared children outlive an incarnation in the [`Estate`]; those added at run time do not.
//! 5. Whatever is started is first owned by the cell, so that a kill at any await leaves no orphan.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::actor::Actor;
use crate::cell::{Begun, Failure, Left, caught};
use crate::config::ActorConfig;
use crate::context::Context;
use crate::error::{ActorResult, ChildError, StartError, answer};
use crate::exit::ExitReason;
use crate::index::Index;
use crate::instrument;
use crate::kernel::count;
use crate::lock::Lock;
use crate::mail::Mail;
use crate::papers::Care;
use crate::process::AnyCell;
use crate::process_id::ProcessId;
use crate::system::outcome_of;
use crate::timer::{self, Timers, Wanted};

use super::backoff::Backoff;
use super::child_spec::{Parting, significance};
use super::command::{ChildInfo, ChildStatus, Command, Ended, Health, Order};
use super::home::Home;
use super::intensity::Intensity;
use super::policy::{AfterExit, AutoShutdown, RestartPolicy};
use super::row::{Numbered, Row};
use super::slot::{Child, ChildState, Slot, give_way};
use super::spec::{Plan, Starting, SupervisorBuilder};
use super::strategy::RestartStrategy;

/// The settings of a supervisor.
#[derive(Clone, Debug)]
pub(crate) struct Flags {
    pub(crate) label: Option<Arc<str>>,
    pub(crate) strategy: RestartStrategy,
    pub(crate) max_restarts: u32,
    pub(crate) within: Duration,
    pub(crate) backoff: Option<Backoff>,
    pub(crate) auto_shutdown: AutoShutdown,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            label: None,
            strategy: RestartStrategy::OneForOne,
            max_restarts: 3,
            within: Duration::from_secs(5),
            backoff: None,
            auto_shutdown: AutoShutdown::Never,
        }
    }
}

impl Flags {
    pub(crate) fn problem(&self) -> Option<String> {
        self.within.is_zero().then(|| "`within` has to be longer than zero".to_owned())
    }
}

/// What of a supervisor outlives its incarnations.
pub(crate) struct Estate {
    plan: Option<Plan>,
    slots: Vec<Slot>,
    histories: HashMap<ProcessId, History>,
}

impl Estate {
    pub(crate) fn new(plan: Plan) -> Self {
        Self { plan: Some(plan), slots: Vec::new(), histories: HashMap::new() }
    }
}

/// The next try of a child that is being restarted.
struct Trial {
    ticket: u64,
    counted: bool,
    /// Where it waits for a delay.
    timer: Option<Wanted>,
}

/// What a backoff looks at.
#[derive(Default)]
struct History {
    attempts: u32,
    up_since: Option<Instant>,
}

/// Takes a try back; one that is queued already is stale.
fn cancel_retry(trials: &mut HashMap<ProcessId, Trial>, child: &Child) {
    // Mostly there is none.
    if let Some(cell) = child.cell().filter(|_| !trials.is_empty())
        && let Some(trial) = trials.remove(&cell.pid())
        && let Some(timer) = trial.timer
    {
        cell.kernel().timers.cancel(&timer);
    }
}

/// Those of a slot that are about to be started have not been up since they were stopped.
fn forget_up(histories: &mut HashMap<ProcessId, History>, slot: &Slot) {
    // Mostly there is no backoff.
    if histories.is_empty() {
        return;
    }
    for cell in slot.children().filter(|child| !child.is_running()).filter_map(Child::cell) {
        if let Some(history) = histories.get_mut(&cell.pid()) {
            history.up_since = None;
        }
    }
}

/// What runs in a slot has been started: where there is a backoff, from now on it is up.
fn note_up(histories: &mut HashMap<ProcessId, History>, slot: &Slot) {
    if histories.is_empty() {
        return;
    }
    for cell in slot.children().filter(|child| child.is_running()).filter_map(Child::cell) {
        if let Some(history) = histories.get_mut(&cell.pid()) {
            history.up_since.get_or_insert_with(Instant::now);
        }
    }
}

/// Where a process is found: its slot's rank, and its number in a group.
pub(crate) type Place = (u32, Option<u32>);

/// A rank and one: half as large in an index as a rank.
type Rank = NonZeroU32;

fn kept(rank: u32) -> Rank {
    NonZeroU32::MIN.saturating_add(rank)
}

/// A supervisor: an actor that starts, restarts and ends others.
///
/// Made by [`Supervisor::builder`] or by `#[supervisor]` on a struct; run by
/// [`System::start`](crate::System::start), which gives a [`Supervised`](crate::Supervised). This is its state, which
/// nobody sees.
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let counter = ChildSpec::new("counter", || async { Ok(Counter(0)) });
/// let supervisor = system.start(Supervisor::builder().child(counter)).await?;
/// assert_eq!(supervisor.count().await?.active, 1);
/// # Ok(()) }
/// ```
pub struct Supervisor {
    flags: Flags,
    intensity: Intensity,
    slots: Row<Slot>,
    /// The ranks of all slots, by their ids.
    ranks: Index<Rank>,
    next_ticket: u64,
    trials: HashMap<ProcessId, Trial>,
    /// Of those that were restarted by a backoff.
    histories: HashMap<ProcessId, History>,
    estate: Arc<Lock<Estate>>,
    /// Set by the supervisor above when the end it asks for is the last.
    parting: Option<Parting>,
}

/// Whether the supervisor goes on.
type Verdict = Option<ExitReason>;

/// What the end of a child means.
enum Heard {
    Settled(Verdict),
    Restart { place: Place, group: bool },
}

impl Supervisor {
    /// Builds the spec of a supervisor by hand: see [`SupervisorBuilder`](crate::SupervisorBuilder).
    pub fn builder() -> SupervisorBuilder {
        SupervisorBuilder::new()
    }

    pub(crate) fn new(flags: Flags, estate: Arc<Lock<Estate>>, parting: Option<Parting>) -> Self {
        Self {
            intensity: Intensity::new(flags.max_restarts, flags.within),
            flags,
            slots: Row::new(),
            ranks: Index::new(),
            next_ticket: 0,
            trials: HashMap::new(),
            histories: HashMap::new(),
            estate,
            parting,
        }
    }

    /// Puts a slot last in the start order.
    fn append(&mut self, slot: Slot) {
        if self.slots.is_used_up() {
            self.slots.renumber();
            self.ranks = Index::new();
            for slot in self.slots.iter() {
                self.ranks.insert(&slot.id(), kept(slot.number()));
            }
        }
        let id = slot.id();
        let rank = self.slots.push(slot);
        self.ranks.insert(&id, kept(rank));
    }

    fn rank(&self, id: &str) -> Option<u32> {
        let is = |rank: &Rank| self.slots.get(rank.get() - 1).is_some_and(|slot| slot.has_id(id));
        self.ranks.find(id, is).map(|rank| rank.get() - 1)
    }

    /// Takes a slot out of the start order.
    fn take_out(&mut self, rank: u32) -> Option<Slot> {
        let id = self.slots.get(rank)?.id();
        self.ranks.remove(&id, |known| *known == kept(rank));
        self.slots.remove(rank)
    }

    /// Where a live process is found that is a child of this supervisor.
    fn place(&self, cell: &dyn AnyCell) -> Option<Place> {
        let (rank, member) = cell.place();
        self.slots.get(rank)?.find(cell.pid(), member)
    }

    fn child(&mut self, (rank, member): Place) -> Option<&mut Child> {
        self.slots.get_mut(rank)?.child_mut(member)
    }

    /// Nothing that was noted about it is of use.
    fn forget_notes(&mut self, child: &Child) {
        if let Some(cell) = child.cell() {
            self.trials.remove(&cell.pid());
            self.histories.remove(&cell.pid());
        }
    }

    /// Forgets a child: its id may be used again, and nothing of it is held.
    fn forget(&mut self, (rank, member): Place) {
        match (self.slots.get_mut(rank), member) {
            (Some(Slot::Group(group)), Some(number)) => {
                if let Some(child) = group.members.remove(number) {
                    self.forget_notes(&child);
                }
            }
            (Some(Slot::One(_)), None) => {
                let Some(mut slot) = self.take_out(rank) else { return };
                for child in slot.children_mut() {
                    self.forget_notes(child);
                    child.state = ChildState::Retired;
                }
                if slot.is_declared() {
                    // It comes back when the supervisor itself is restarted.
                    self.estate.lock().slots.push(slot);
                }
            }
            _ => {}
        }
    }

    /// Forgets what ended for good in a slot and could not be asked for again: a temporary child, and children started
    /// at run time.
    fn forget_ended(&mut self, rank: u32) {
        let Some(slot) = self.slots.get_mut(rank) else { return };
        slot.forget_ended();
        if let Slot::One(child) = slot
            && child.state == ChildState::Stopped
            && child.care().restart == RestartPolicy::Temporary
        {
            self.forget((rank, None));
        }
    }

    /// The first start: by the plan. What came up is stopped in reverse when something did not.
    async fn start_by_plan(&mut self, plan: Plan, home: Home) -> ActorResult<()> {
        let slots = Arc::new(Lock::new(Vec::new()));
        let (auto_shutdown, ids) = (self.flags.auto_shutdown, Arc::new(Lock::new(HashSet::new())));
        let starting = Starting { home, auto_shutdown, slots: slots.clone(), ids };
        // A panic in the plan itself unwinds like an error: what came up is stopped in order.
        let outcome = match caught(plan(starting)).await {
            Ok(outcome) => outcome,
            Err(message) => {
                let child = self.flags.label.clone().unwrap_or_else(|| "supervisor".into());
                Err(StartError::Panicked { child, message })
            }
        };
        let started = std::mem::take(&mut *slots.lock());
        for slot in started {
            self.append(slot);
        }
        if outcome.is_ok() {
            let ended: Vec<_> = self.idle_temporaries();
            for place in ended {
                self.forget(place);
            }
        }
        self.settle_start(outcome, true).await
    }

    /// What came up is stopped when something did not.
    async fn settle_start(&mut self, outcome: Result<(), StartError>, for_good: bool) -> ActorResult<()> {
        if outcome.is_err() {
            self.stop_all(for_good).await;
        }
        Ok(outcome?)
    }

    /// Where the children are of which this is true, in start order.
    fn places(&self, wanted: impl Fn(&Slot, &Child) -> bool) -> Vec<Place> {
        let mut places = Vec::new();
        for slot in self.slots.iter() {
            for child in slot.children().filter(|child| wanted(slot, child)) {
                places.push(slot.place_of(child));
            }
        }
        places
    }

    /// Temporary children that asked not to be started are not kept.
    fn idle_temporaries(&self) -> Vec<Place> {
        self.places(|slot, child| slot.care().restart == RestartPolicy::Temporary && !child.is_running())
    }

    /// A later start: the declared children under the references they have.
    async fn start_again(&mut self, mut slots: Vec<Slot>) -> ActorResult<()> {
        // All have the ranks of the incarnation before.
        slots.sort_by_key(Slot::number);
        for slot in slots {
            self.append(slot);
        }
        let mut outcome = Ok(());
        for slot in self.slots.iter_mut() {
            forget_up(&mut self.histories, slot);
            match slot.start(true).await {
                Ok(()) | Err(StartError::Ignored { .. }) => note_up(&mut self.histories, slot),
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        self.settle_start(outcome, false).await
    }

    /// Ends all children, the last one first. Those added at run time end for good in any case.
    async fn stop_all(&mut self, for_good: bool) {
        for (stopped, slot) in self.slots.iter_mut().rev().enumerate() {
            give_way(stopped).await;
            slot.children().for_each(|child| cancel_retry(&mut self.trials, child));
            slot.stop(for_good || !slot.outlives()).await;
        }
    }

    /// A child ended by itself.
    async fn ended(&mut self, ctx: &mut Context<Self>, ended: Ended) -> Verdict {
        match self.hear(ctx, ended) {
            Heard::Settled(verdict) => verdict,
            Heard::Restart { place, group } => {
                self.restart(ctx, place, group).await;
                None
            }
        }
    }

    /// A child ended by itself, and says so on this supervisor's turn: what awaits is left.
    pub(super) fn hear_here(&mut self, ctx: &mut Context<Self>, ended: Ended) -> Left<Self> {
        let (place, group) = match self.hear(ctx, ended) {
            Heard::Settled(None) => return Left::Nothing,
            Heard::Settled(Some(reason)) => return Left::Stop(reason),
            Heard::Restart { place, group } => (place, group),
        };
        let begun = if group { Begun::No } else { self.restart_here(ctx, place) };
        let order = match begun {
            Begun::Started => return Left::Nothing,
            Begun::Waits(outcome) => Order::Begun { place, outcome },
            Begun::No => Order::Again { place, group },
        };
        Left::More(Mail::Other(Box::new(Command(order))))
    }

    /// Decides what the end of a child means, and does what needs no await.
    fn hear(&mut self, ctx: &mut Context<Self>, ended: Ended) -> Heard {
        let Ended { pid, incarnation, reason, escalate } = ended;
        let Some(cell) = ctx.cell.kernel_ref().table.get(pid) else { return Heard::Settled(None) };
        let Some(place) = self.place(&*cell) else {
            // Forgotten while it did not yield: nobody else will bury it.
            cell.bury(reason);
            return Heard::Settled(None);
        };
        let dynamic = self.slots.get(place.0).is_some_and(Slot::is_dynamic);
        let Some(child) = self.child(place) else { return Heard::Settled(None) };
        let care = child.care();
        match child.state {
            ChildState::Running if child.runs_as(incarnation) => {}
            ChildState::Stopped => {
                cell.bury(reason);
                return Heard::Settled(None);
            }
            _ => return Heard::Settled(None),
        }
        if escalate {
            child.state = ChildState::Waiting;
            instrument::gave_up(ctx.pid(), &reason);
            return Heard::Settled(Some(reason));
        }
        child.state = ChildState::Stopped;
        let verdict = match care.restart.after(&reason) {
            AfterExit::Restart => {
                cell.settle();
                if instrument::is_on() {
                    let id = self.slots.get(place.0).map(Slot::id).unwrap_or_default();
                    instrument::restarting(pid, &id, ctx.pid(), &reason);
                }
                return self.failed(ctx, place);
            }
            AfterExit::Keep => {
                cell.bury(reason);
                if dynamic {
                    // Nobody could ask for it again.
                    self.forget(place);
                }
                self.significant_end(care)
            }
            AfterExit::Forget => {
                cell.bury(reason);
                self.forget(place);
                self.significant_end(care)
            }
        };
        Heard::Settled(verdict)
    }

    /// A significant child has ended by itself and is not restarted.
    fn significant_end(&self, care: Care) -> Verdict {
        if !care.significant {
            return None;
        }
        let ends = match self.flags.auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => true,
            AutoShutdown::AllSignificant => !self.slots.iter().any(|slot| {
                slot.care().significant && slot.children().any(|child| child.state != ChildState::Stopped)
            }),
        };
        ends.then_some(ExitReason::Shutdown)
    }

    /// Takes one restart out of the budget; the end of the supervisor when there is none left.
    fn spend(&mut self, ctx: &Context<Self>) -> Verdict {
        if self.intensity.allows(Instant::now()) {
            return None;
        }
        instrument::gave_up(ctx.pid(), &ExitReason::Shutdown);
        Some(ExitReason::Shutdown)
    }

    /// A child is to be restarted: now, or after its delay.
    fn failed(&mut self, ctx: &mut Context<Self>, place: Place) -> Heard {
        if let Some(end) = self.spend(ctx) {
            return Heard::Settled(Some(end));
        }
        let group = place.1.is_none() && self.flags.strategy != RestartStrategy::OneForOne;
        match self.next_delay(ctx, place) {
            Some(delay) => self.retry(ctx, place, Some(delay), true, group),
            None => return Heard::Restart { place, group },
        }
        Heard::Settled(None)
    }

    /// Has the restart tried later: after the requests that are queued now, or after a delay.
    fn retry(
        &mut self,
        ctx: &Context<Self>,
        place: Place,
        delay: Option<Duration>,
        counted: bool,
        group: bool,
    ) {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let Some(child) = self.child(place) else { return };
        let Some(cell) = child.cell() else { return };
        child.state = if group { ChildState::Anchor } else { ChildState::Restarting };
        let pid = cell.pid();
        let home = Home::of(&ctx.cell);
        let timer = delay.map(|_| Wanted::new());
        self.trials.insert(pid, Trial { ticket, counted, timer: timer.clone() });
        match delay.zip(timer) {
            None => {
                home.send(Order::Retry { pid, ticket });
            }
            Some((delay, timer)) => {
                let fire = Box::new(move |_| {
                    home.send(Order::Retry { pid, ticket });
                    None
                });
                Timers::add(ctx.cell.kernel_ref(), timer::after(delay), timer, fire);
            }
        }
    }

    /// A try is due. One that no longer is the child's present one was cancelled.
    async fn try_again(&mut self, ctx: &mut Context<Self>, pid: ProcessId, ticket: u64) -> Verdict {
        let place = self.place(&*ctx.cell.kernel_ref().table.get(pid)?)?;
        let counted = self.trials.get(&pid).filter(|trial| trial.ticket == ticket)?.counted;
        let group = match self.child(place)?.state {
            ChildState::Restarting => false,
            ChildState::Anchor => true,
            _ => return None,
        };
        self.trials.remove(&pid);
        // The first try was counted when the child failed; a further one counts now.
        if !counted && let Some(end) = self.spend(ctx) {
            return Some(end);
        }
        self.restart(ctx, place, group).await;
        None
    }

    /// Restarts the child or, by the strategy, its group. What does not come up is tried again later.
    async fn restart(&mut self, ctx: &mut Context<Self>, place: Place, group: bool) {
        if !group {
            self.restart_one(ctx, place).await;
            return;
        }
        let (rank, _) = place;
        let ranks = self.slots.numbers();
        let Some(failed) = ranks.iter().position(|other| *other == rank) else { return };
        let affected = ranks[self.flags.strategy.affected(failed, ranks.len())].to_vec();
        // Who of them waits for the answer of one that is down would wait for this very restart.
        for slot in affected.iter().filter_map(|rank| self.slots.get(*rank)) {
            slot.children().filter_map(Child::cell).for_each(|cell| cell.release_asks());
        }
        for &rank in affected.iter().rev() {
            let Some(slot) = self.slots.get_mut(rank) else { continue };
            slot.stop(!slot.stays_in_group()).await;
            self.forget_ended(rank);
        }
        for rank in affected {
            let Some(slot) = self.slots.get_mut(rank) else { continue };
            slot.children().for_each(|child| cancel_retry(&mut self.trials, child));
            count(&ctx.cell.kernel_ref().totals.restarts, slot.children().count() as u64);
            forget_up(&mut self.histories, slot);
            match slot.start(true).await {
                Ok(()) | Err(StartError::Ignored { .. }) => {
                    self.note_up(rank);
                    self.forget_ended(rank);
                }
                Err(_) => {
                    self.start_failed(ctx, rank);
                    return;
                }
            }
        }
    }

    /// A restart came to nothing: the child it stopped at is tried again, and the group with it.
    fn start_failed(&mut self, ctx: &Context<Self>, rank: u32) {
        let Some(slot) = self.slots.get(rank) else { return };
        let Some(place) = slot.children().next().map(|child| slot.place_of(child)) else { return };
        let delay = self.next_delay(ctx, place);
        self.retry(ctx, place, delay, false, true);
    }

    fn note_up(&mut self, rank: u32) {
        if let Some(slot) = self.slots.get(rank) {
            note_up(&mut self.histories, slot);
        }
    }

    /// How long the next try of a child waits, where there is a backoff.
    fn next_delay(&mut self, ctx: &Context<Self>, place: Place) -> Option<Duration> {
        let backoff = self.flags.backoff?;
        let chance = ctx.cell.kernel_ref().chance();
        let pid = self.child(place)?.cell()?.pid();
        let history = self.histories.entry(pid).or_default();
        let attempt = backoff.attempt(history.attempts, history.up_since.take(), Instant::now());
        history.attempts = attempt.saturating_add(1);
        Some(backoff.delay(attempt, chance))
    }

    async fn restart_one(&mut self, ctx: &mut Context<Self>, place: Place) {
        let Some(slot) = self.slots.get_mut(place.0) else { return };
        let declared = slot.outlives();
        let Some(child) = slot.child_mut(place.1) else { return };
        count(&ctx.cell.kernel_ref().totals.restarts, 1);
        let outcome = child.start(declared, false).await;
        self.restarted(ctx, place, outcome);
    }

    /// Restarts one child here and now, as far as nothing of it awaits.
    fn restart_here(&mut self, ctx: &Context<Self>, place: Place) -> Begun {
        let Some(child) = self.child(place) else { return Begun::No };
        let begun = child.start_here();
        if !matches!(begun, Begun::No) {
            count(&ctx.cell.kernel_ref().totals.restarts, 1);
        }
        begun
    }

    /// A restart was begun on the spot, and had to wait.
    async fn finish_restart(
        &mut self,
        ctx: &Context<Self>,
        place: Place,
        outcome: oneshot::Receiver<Result<(), Failure>>,
    ) {
        let Some(slot) = self.slots.get_mut(place.0) else { return };
        let id = slot.id();
        let Some(child) = slot.child_mut(place.1) else { return };
        let outcome = child.started(outcome_of(outcome.await, || id), false);
        self.restarted(ctx, place, outcome);
    }

    fn restarted(&mut self, ctx: &Context<Self>, place: Place, outcome: Result<(), StartError>) {
        let dynamic = self.slots.get(place.0).is_some_and(Slot::is_dynamic);
        match outcome {
            Ok(()) => self.note_up(place.0),
            Err(StartError::Ignored { .. }) => {
                // A dynamic child that wants no process is dropped; a declared one is kept stopped.
                if dynamic {
                    self.forget(place);
                }
            }
            Err(_) => {
                let delay = self.next_delay(ctx, place);
                self.retry(ctx, place, delay, false, false);
            }
        }
    }

    async fn start_child(&mut self, id: Arc<str>, mut slot: Slot) -> Result<(), StartError> {
        if let Some(known) = self.rank(&id).and_then(|rank| self.slots.get(rank)) {
            let running = known.children().find(|child| child.is_running()).and_then(Child::cell);
            return Err(match running {
                Some(cell) => StartError::AlreadyStarted { child: id, pid: cell.pid() },
                None => StartError::AlreadyPresent { child: id },
            });
        }
        let care = slot.care();
        if let Some(problem) = significance(self.flags.auto_shutdown, &id, &care, slot.is_dynamic()) {
            return Err(StartError::Invalid { message: problem.into() });
        }
        let temporary = care.restart == RestartPolicy::Temporary;
        match slot.start(false).await {
            Ok(()) => {
                self.append(slot);
                Ok(())
            }
            // The plan of a supervisor is used up: there is nothing to keep.
            Err(StartError::Ignored { .. }) if !temporary && !slot.is_supervisor() => {
                self.append(slot);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn start_member(&mut self, group: &Arc<str>, mut child: Child) -> Result<(), StartError> {
        let rank = self.rank(group).ok_or(StartError::NoSupervisor)?;
        let Some(Slot::Group(group)) = self.slots.get_mut(rank) else {
            return Err(StartError::NoSupervisor);
        };
        if let Some(max) = group.max
            && group.members.len() >= max
        {
            return Err(StartError::MaxChildren { max });
        }
        child.start(false, true).await?;
        group.append(child);
        Ok(())
    }

    async fn terminate_member(
        &mut self,
        ctx: &mut Context<Self>,
        group: &Arc<str>,
        pid: ProcessId,
    ) -> Result<(), ChildError> {
        let missing = || ChildError::NotFound { child: format!("{group}{pid}").into() };
        let rank = self.rank(group).ok_or_else(missing)?;
        let cell = ctx.cell.kernel_ref().table.get(pid);
        let place = cell.and_then(|cell| self.place(&*cell)).filter(|place| place.0 == rank);
        let place = place.ok_or_else(missing)?;
        let slot = self.slots.get_mut(rank).ok_or_else(missing)?;
        let child = slot.child_mut(place.1).ok_or_else(missing)?;
        let anchor = child.state == ChildState::Anchor;
        child.stop(true).await;
        cancel_retry(&mut self.trials, child);
        self.forget(place);
        if anchor {
            // It goes alone: its group is tried again without it.
            if let Some(&next) = self.waiting().first() {
                self.retry(ctx, next, None, true, true);
            }
        }
        Ok(())
    }

    async fn terminate(&mut self, id: &Arc<str>) -> Result<(), ChildError> {
        let missing = || ChildError::NotFound { child: id.clone() };
        let rank = self.rank(id).ok_or_else(missing)?;
        let slot = self.slots.get_mut(rank).ok_or_else(missing)?;
        slot.children().for_each(|child| cancel_retry(&mut self.trials, child));
        let anchor = slot.children().any(|child| child.state == ChildState::Anchor);
        slot.stop(true).await;
        if anchor {
            self.give_group_up();
        }
        self.forget_ended(rank);
        Ok(())
    }

    /// Those that wait for a group restart, in start order.
    fn waiting(&self) -> Vec<Place> {
        self.places(|_, child| child.state == ChildState::Waiting)
    }

    /// Those that wait for a group restart have ended for good when no try of one is left.
    fn give_group_up(&mut self) {
        if self.slots.iter().any(|slot| slot.children().any(|child| child.state == ChildState::Anchor)) {
            return;
        }
        let waiting = self.waiting();
        for &place in &waiting {
            if let Some(child) = self.child(place) {
                child.state = ChildState::Stopped;
                if let Some(cell) = child.cell() {
                    cell.bury(ExitReason::Shutdown);
                }
            }
        }
        // Members of a group could not be asked for again, and would hold a place each.
        for (rank, _) in waiting.into_iter().filter(|(_, member)| member.is_some()) {
            self.forget_ended(rank);
        }
    }

    async fn restart_child(&mut self, id: &Arc<str>) -> Result<(), ChildError> {
        let rank = self.stopped(id)?;
        let missing = || ChildError::NotFound { child: id.clone() };
        let slot = self.slots.get_mut(rank).ok_or_else(missing)?;
        forget_up(&mut self.histories, slot);
        slot.start(false).await?;
        self.note_up(rank);
        Ok(())
    }

    fn delete(&mut self, id: &Arc<str>) -> Result<(), ChildError> {
        let rank = self.stopped(id)?;
        if let Some(slot) = self.take_out(rank) {
            slot.children().for_each(|child| self.forget_notes(child));
        }
        Ok(())
    }

    /// The rank of a stopped child.
    fn stopped(&self, id: &Arc<str>) -> Result<u32, ChildError> {
        let missing = || ChildError::NotFound { child: id.clone() };
        let rank = self.rank(id).ok_or_else(missing)?;
        let slot = self.slots.get(rank).ok_or_else(missing)?;
        for child in slot.children() {
            match child.state.status() {
                ChildStatus::Running => return Err(ChildError::Running { child: id.clone() }),
                ChildStatus::Restarting => return Err(ChildError::Restarting { child: id.clone() }),
                ChildStatus::Stopped => {}
            }
        }
        Ok(rank)
    }

    fn which(&self) -> Vec<ChildInfo> {
        let mut rows = Vec::with_capacity(self.slots.len());
        for slot in self.slots.iter() {
            let (id, care) = (slot.id(), slot.care());
            for child in slot.children() {
                let Some(cell) = child.cell() else { continue };
                rows.push(ChildInfo {
                    id: id.clone(),
                    pid: cell.pid(),
                    status: child.state.status(),
                    role: cell.role(),
                    restart: care.restart,
                    shutdown: care.shutdown,
                    incarnation: cell.incarnation(),
                });
            }
        }
        rows
    }

    fn health(&mut self) -> Health {
        let mut health = Health {
            running: 0,
            restarting: 0,
            stopped: 0,
            recent_restarts: self.intensity.used(Instant::now()),
            max_restarts: self.flags.max_restarts,
        };
        for slot in self.slots.iter() {
            for child in slot.children() {
                match child.state.status() {
                    ChildStatus::Running => health.running += 1,
                    ChildStatus::Restarting => health.restarting += 1,
                    ChildStatus::Stopped => health.stopped += 1,
                }
            }
        }
        health
    }

    fn find(&self, id: &Arc<str>) -> Option<Arc<dyn AnyCell>> {
        let slot = self.slots.get(self.rank(id)?)?;
        Some(slot.children().next()?.cell()?)
    }

    fn members(&self, group: &Arc<str>) -> Vec<Arc<dyn AnyCell>> {
        let Some(slot) = self.rank(group).and_then(|rank| self.slots.get(rank)) else { return Vec::new() };
        slot.children().filter_map(|child| Some(child.cell()? as Arc<dyn AnyCell>)).collect()
    }

    async fn obey(&mut self, order: Order, ctx: &mut Context<Self>) -> Verdict {
        match order {
            Order::Ended(ended) => return self.ended(ctx, ended).await,
            Order::Again { place, group } => self.restart(ctx, place, group).await,
            Order::Begun { place, outcome } => self.finish_restart(ctx, place, outcome).await,
            Order::Retry { pid, ticket } => return self.try_again(ctx, pid, ticket).await,
            Order::Start { id, slot, tell } => {
                let outcome = self.start_child(id, slot).await;
                answer(tell, outcome);
            }
            Order::StartMember { group, child, tell } => {
                let outcome = self.start_member(&group, child).await;
                answer(tell, outcome);
            }
            Order::TerminateMember { group, pid, tell } => {
                let outcome = self.terminate_member(ctx, &group, pid).await;
                answer(tell, outcome);
            }
            Order::Terminate { id, tell } => {
                let outcome = self.terminate(&id).await;
                answer(tell, outcome);
            }
            Order::Restart { id, tell } => {
                let outcome = self.restart_child(&id).await;
                answer(tell, outcome);
            }
            Order::Delete { id, tell } => {
                let outcome = self.delete(&id);
                answer(tell, outcome);
            }
            Order::Members { group, tell } => {
                answer(tell, self.members(&group));
            }
            Order::Find { id, tell } => {
                answer(tell, self.find(&id));
            }
            Order::Which { tell } => {
                answer(tell, self.which());
            }
            Order::Health { tell } => {
                answer(tell, self.health());
            }
        }
        None
    }
}

impl Actor for Supervisor {
    type Message = Command;
    const CONFIG: ActorConfig = ActorConfig::DEFAULT.unbounded();
    const SUPERVISES: bool = true;

    async fn handle(&mut self, command: Command, ctx: &mut Context<Self>) -> ActorResult<()> {
        if let Some(reason) = self.obey(command.0, ctx).await {
            ctx.stop_with(reason);
        }
        Ok(())
    }

    async fn on_start(&mut self, ctx: &mut Context<Self>) -> ActorResult<()> {
        self.next_ticket = u64::from(ctx.incarnation()) << 32;
        let (plan, slots) = {
            let mut estate = self.estate.lock();
            self.histories = std::mem::take(&mut estate.histories);
            (estate.plan.take(), std::mem::take(&mut estate.slots))
        };
        match plan {
            Some(plan) => self.start_by_plan(plan, Home::of(&ctx.cell)).await,
            None => self.start_again(slots).await,
        }
    }

    async fn on_stop(&mut self, _reason: ExitReason, ctx: &mut Context<Self>) -> ActorResult<()> {
        // Nobody will start it again: then the children end for good, each before the next is told to. Else the one
        // above decides; what it does not start again it buries.
        let for_good = match &self.parting {
            None => true,
            Some(parting) => parting.load(Ordering::Acquire) || ctx.cell.owner().is_none(),
        };
        self.stop_all(for_good).await;
        Ok(())
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // Rule 4: the declared children wait in the estate; the others' references go.
        let mut kept: Vec<Slot> = Vec::new();
        for mut slot in std::mem::replace(&mut self.slots, Row::new()).into_items() {
            // After a kill, delayed restarts are still set.
            slot.children().for_each(|child| cancel_retry(&mut self.trials, child));
            if !slot.is_declared() {
                continue;
            }
            if let Slot::Group(group) = &mut slot
                && group.dynamic
            {
                group.members.clear();
            }
            kept.push(slot);
        }
        let mut estate = self.estate.lock();
        estate.slots.extend(kept);
        estate.histories.extend(std::mem::take(&mut self.histories));
        // The retired ones, too: they come back with the next incarnation.
        for slot in &mut estate.slots {
            slot.children_mut().for_each(|child| child.state = ChildState::Stopped);
        }
    }
}

impl std::fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supervisor").field("flags", &self.flags).field("children", &self.slots.len()).finish()
    }
}
