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

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use crate::actor::Actor;
use crate::cell::caught;
use crate::config::ActorConfig;
use crate::context::Context;
use crate::error::{ActorResult, ChildError, StartError, shielded};
use crate::exit::ExitReason;
use crate::instrument;
use crate::kernel::count;
use crate::lock::Lock;
use crate::process::AnyCell;
use crate::process_id::ProcessId;
use crate::timer::{self, Timers, Wanted};

use super::backoff::Backoff;
use super::child_spec::{Fresh, Options, Parting, Starter, significance};
use super::command::{ChildInfo, ChildStatus, Command, Health, Order};
use super::home::Home;
use super::intensity::Intensity;
use super::policy::{AfterExit, AutoShutdown, RestartPolicy};
use super::slot::{Body, Child, ChildState, Slot};
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
}

impl Estate {
    pub(crate) fn new(plan: Plan) -> Self {
        Self { plan: Some(plan), slots: Vec::new() }
    }
}

/// Takes a delayed restart back; one that is queued already is stale by its ticket.
fn cancel_retry(retries: &mut HashMap<ProcessId, Wanted>, cell: &Arc<dyn AnyCell>) {
    if let Some(wanted) = retries.remove(&cell.pid()) {
        cell.kernel().timers.cancel(&wanted);
    }
}

/// Where a process is found: its slot's rank, and its number in a group.
type Place = (u32, Option<u64>);

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
    slots: BTreeMap<u32, Slot>,
    ranks: HashMap<Arc<str>, u32>,
    places: HashMap<ProcessId, Place>,
    next_rank: u32,
    next_ticket: u64,
    retries: HashMap<ProcessId, Wanted>,
    estate: Arc<Lock<Estate>>,
    /// Set by the supervisor above when the end it asks for is the last.
    parting: Option<Parting>,
}

/// Whether the supervisor goes on.
type Verdict = Option<ExitReason>;

impl Supervisor {
    /// Builds the spec of a supervisor by hand: see [`SupervisorBuilder`](crate::SupervisorBuilder).
    pub fn builder() -> SupervisorBuilder {
        SupervisorBuilder::new()
    }

    pub(crate) fn new(flags: Flags, estate: Arc<Lock<Estate>>, parting: Option<Parting>) -> Self {
        Self {
            intensity: Intensity::new(flags.max_restarts, flags.within),
            flags,
            slots: BTreeMap::new(),
            ranks: HashMap::new(),
            places: HashMap::new(),
            next_rank: 0,
            next_ticket: 0,
            retries: HashMap::new(),
            estate,
            parting,
        }
    }

    /// Puts a slot last in the start order.
    fn append(&mut self, slot: Slot) {
        let rank = self.next_rank;
        self.next_rank += 1;
        self.ranks.insert(slot.id.clone(), rank);
        for (member, child) in slot.children() {
            self.places.insert(child.cell().pid(), (rank, member));
        }
        self.slots.insert(rank, slot);
    }

    fn child(&mut self, (rank, member): Place) -> Option<(&mut Child, Arc<Options>, Arc<str>)> {
        let slot = self.slots.get_mut(&rank)?;
        let (options, id) = (slot.options.clone(), slot.id.clone());
        slot.child_mut(member).map(|child| (child, options, id))
    }

    /// Forgets a child: its id may be used again, and nothing of it is held.
    fn forget(&mut self, (rank, member): Place) {
        let Some(slot) = self.slots.get_mut(&rank) else { return };
        let gone = match (&mut slot.body, member) {
            (Body::Group { members, .. }, Some(number)) => members.remove(&number),
            (Body::One(_), None) => {
                let declared = slot.declared;
                self.ranks.remove(&slot.id);
                let Some(mut slot) = self.slots.remove(&rank) else { return };
                if let Body::One(child) = &mut slot.body {
                    self.places.remove(&child.cell().pid());
                    child.state = ChildState::Retired;
                }
                if declared {
                    // It comes back when the supervisor itself is restarted.
                    self.estate.lock().slots.push(slot);
                }
                return;
            }
            _ => None,
        };
        if let Some(child) = gone {
            self.places.remove(&child.cell().pid());
        }
    }

    /// Forgets what ended for good in a slot and could not be asked for again: a temporary child, and children started
    /// at run time.
    fn forget_ended(&mut self, rank: u32) {
        let Some(slot) = self.slots.get_mut(&rank) else { return };
        for gone in slot.forget_ended() {
            self.places.remove(&gone);
        }
        let temporary = slot.options.restart == RestartPolicy::Temporary;
        if temporary && matches!(&slot.body, Body::One(child) if child.state == ChildState::Stopped) {
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
        for (order, mut slot) in (0..).zip(started) {
            slot.order = order;
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

    /// Temporary children that asked not to be started are not kept.
    fn idle_temporaries(&self) -> Vec<Place> {
        let temporary =
            self.slots.iter().filter(|(_, slot)| slot.options.restart == RestartPolicy::Temporary);
        let idle = temporary.flat_map(|(rank, slot)| {
            slot.children().filter(|(_, child)| !child.is_running()).map(|(member, _)| (*rank, member))
        });
        idle.collect()
    }

    /// A later start: the declared children under the references they have.
    async fn start_again(&mut self, mut slots: Vec<Slot>) -> ActorResult<()> {
        slots.sort_by_key(|slot| slot.order);
        for slot in slots {
            self.append(slot);
        }
        let ranks: Vec<_> = self.slots.keys().copied().collect();
        let mut outcome = Ok(());
        for rank in ranks {
            let Some(slot) = self.slots.get_mut(&rank) else { continue };
            match slot.start(true).await {
                Ok(()) | Err(StartError::Ignored { .. }) => {}
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
        for slot in self.slots.values_mut().rev() {
            for (_, child) in slot.children() {
                cancel_retry(&mut self.retries, &child.cell());
            }
            slot.stop(for_good || !slot.outlives()).await;
        }
    }

    /// A child ended by itself.
    async fn ended(
        &mut self,
        ctx: &mut Context<Self>,
        pid: ProcessId,
        incarnation: u32,
        reason: ExitReason,
        escalate: bool,
    ) -> Verdict {
        let Some(&place) = self.places.get(&pid) else {
            // Forgotten while it did not yield: nobody else will bury it.
            if let Some(cell) = ctx.cell.kernel_ref().table.get(pid) {
                cell.bury(reason);
            }
            return None;
        };
        let dynamic = self.slots.get(&place.0).is_some_and(Slot::is_dynamic);
        let (child, options, id) = self.child(place)?;
        let cell = child.cell();
        match child.state {
            ChildState::Running { incarnation: present } if present == incarnation => {}
            ChildState::Stopped => {
                cell.bury(reason);
                return None;
            }
            _ => return None,
        }
        if escalate {
            // What becomes of the child is decided with this supervisor, by the one above.
            child.state = ChildState::Waiting;
            instrument::gave_up(ctx.pid(), &reason);
            return Some(reason);
        }
        child.state = ChildState::Stopped;
        match options.restart.after(&reason) {
            AfterExit::Restart => {
                cell.settle();
                instrument::restarting(pid, &id, ctx.pid(), &reason);
                self.failed(ctx, place).await
            }
            AfterExit::Keep => {
                cell.bury(reason);
                if dynamic {
                    // Nobody could ask for it again.
                    self.forget(place);
                }
                self.significant_end(&options)
            }
            AfterExit::Forget => {
                cell.bury(reason);
                self.forget(place);
                self.significant_end(&options)
            }
        }
    }

    /// A significant child has ended by itself and is not restarted.
    fn significant_end(&self, options: &Options) -> Verdict {
        if !options.significant {
            return None;
        }
        let ends = match self.flags.auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => true,
            AutoShutdown::AllSignificant => !self.slots.values().any(|slot| {
                slot.options.significant
                    && slot.children().any(|(_, child)| child.state != ChildState::Stopped)
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
    async fn failed(&mut self, ctx: &mut Context<Self>, place: Place) -> Verdict {
        if let Some(end) = self.spend(ctx) {
            return Some(end);
        }
        let group = place.1.is_none() && self.flags.strategy != RestartStrategy::OneForOne;
        match self.next_delay(ctx, place) {
            Some(delay) => self.retry(ctx, place, Some(delay), true, group),
            None => self.restart(ctx, place, group).await,
        }
        None
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
        let Some((child, ..)) = self.child(place) else { return };
        child.state = ChildState::Restarting { ticket, counted, group };
        let pid = child.cell().pid();
        let home = Home::of(&ctx.cell);
        match delay {
            None => {
                home.send(Order::Retry { pid, ticket });
            }
            Some(delay) => {
                let wanted = Wanted::new();
                let fire = Box::new(move |_| {
                    home.send(Order::Retry { pid, ticket });
                    None
                });
                self.retries.insert(pid, wanted.clone());
                Timers::add(ctx.cell.kernel_ref(), timer::after(delay), wanted, fire);
            }
        }
    }

    /// A try is due. One that no longer is the child's present one was cancelled.
    async fn try_again(&mut self, ctx: &mut Context<Self>, pid: ProcessId, ticket: u64) -> Verdict {
        let place = *self.places.get(&pid)?;
        let (child, ..) = self.child(place)?;
        let (counted, group) = match child.state {
            ChildState::Restarting { ticket: present, counted, group } if present == ticket => {
                (counted, group)
            }
            _ => return None,
        };
        self.retries.remove(&pid);
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
        let ranks: Vec<u32> = self.slots.keys().copied().collect();
        let Some(failed) = ranks.iter().position(|other| *other == rank) else { return };
        let affected = ranks[self.flags.strategy.affected(failed, ranks.len())].to_vec();
        // Who of them waits for the answer of one that is down would wait for this very restart.
        for slot in affected.iter().filter_map(|rank| self.slots.get(rank)) {
            for (_, child) in slot.children() {
                child.cell().release_asks();
            }
        }
        for &rank in affected.iter().rev() {
            let Some(slot) = self.slots.get_mut(&rank) else { continue };
            slot.stop(!slot.stays_in_group()).await;
            self.forget_ended(rank);
        }
        for rank in affected {
            let Some(slot) = self.slots.get_mut(&rank) else { continue };
            for (_, child) in slot.children() {
                cancel_retry(&mut self.retries, &child.cell());
            }
            count(&ctx.cell.kernel_ref().totals.restarts, slot.children().count() as u64);
            match slot.start(true).await {
                Ok(()) | Err(StartError::Ignored { .. }) => self.forget_ended(rank),
                Err(_) => {
                    self.start_failed(ctx, rank);
                    return;
                }
            }
        }
    }

    /// A restart came to nothing: the child it stopped at is tried again, and the group with it.
    fn start_failed(&mut self, ctx: &Context<Self>, rank: u32) {
        let Some(slot) = self.slots.get(&rank) else { return };
        let first = slot.children().next().map(|(member, _)| member);
        let Some(member) = first else { return };
        let delay = self.next_delay(ctx, (rank, member));
        self.retry(ctx, (rank, member), delay, false, true);
    }

    /// How long the next try of a child waits, where there is a backoff.
    fn next_delay(&mut self, ctx: &Context<Self>, place: Place) -> Option<Duration> {
        let backoff = self.flags.backoff?;
        let chance = ctx.cell.kernel_ref().chance();
        let (child, ..) = self.child(place)?;
        let attempt = backoff.attempt(child.attempts, child.up_since.take(), Instant::now());
        child.attempts = attempt.saturating_add(1);
        Some(backoff.delay(attempt, chance))
    }

    async fn restart_one(&mut self, ctx: &mut Context<Self>, place: Place) {
        let kernel = ctx.cell.kernel_ref().clone();
        let Some(slot) = self.slots.get(&place.0) else { return };
        let (declared, dynamic) = (slot.outlives(), slot.is_dynamic());
        let Some((child, options, id)) = self.child(place) else { return };
        count(&kernel.totals.restarts, 1);
        match child.start(&options, &id, declared, false).await {
            Ok(()) => {}
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

    async fn start_child(
        &mut self,
        id: Arc<str>,
        options: Arc<Options>,
        body: Fresh,
    ) -> Result<(), StartError> {
        if let Some(known) = self.ranks.get(&id).and_then(|rank| self.slots.get(rank)) {
            let running = known.children().find(|(_, child)| child.is_running());
            return Err(match running {
                Some((_, child)) => StartError::AlreadyStarted { child: id, pid: child.cell().pid() },
                None => StartError::AlreadyPresent { child: id },
            });
        }
        let dynamic = matches!(body, Fresh::Dynamic { .. });
        if let Some(problem) = significance(self.flags.auto_shutdown, &id, &options, dynamic) {
            return Err(StartError::Invalid { message: problem.into() });
        }
        let temporary = options.restart == RestartPolicy::Temporary;
        let mut slot = Slot::new(id, options, body, false);
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

    async fn start_member(&mut self, group: &Arc<str>, starter: Arc<dyn Starter>) -> Result<(), StartError> {
        let rank = *self.ranks.get(group).ok_or(StartError::NoSupervisor)?;
        let slot = self.slots.get_mut(&rank).ok_or(StartError::NoSupervisor)?;
        let options = slot.options.clone();
        let Body::Group { members, next, max, .. } = &mut slot.body else {
            return Err(StartError::NoSupervisor);
        };
        if let Some(max) = *max
            && members.len() >= max
        {
            return Err(StartError::MaxChildren { max });
        }
        let mut child = Child::new(starter);
        child.start(&options, group, false, true).await?;
        let number = *next;
        *next += 1;
        let pid = child.cell().pid();
        members.insert(number, child);
        self.places.insert(pid, (rank, Some(number)));
        Ok(())
    }

    async fn terminate_member(
        &mut self,
        ctx: &mut Context<Self>,
        group: &Arc<str>,
        pid: ProcessId,
    ) -> Result<(), ChildError> {
        let missing = || ChildError::NotFound { child: format!("{group}{pid}").into() };
        let rank = *self.ranks.get(group).ok_or_else(missing)?;
        let place = *self.places.get(&pid).filter(|place| place.0 == rank).ok_or_else(missing)?;
        let (child, options, _) = self.child(place).ok_or_else(missing)?;
        let (cell, anchor) = (child.cell(), child.state.is_anchor());
        child.stop(&options, true).await;
        cancel_retry(&mut self.retries, &cell);
        self.forget(place);
        if anchor {
            // It goes alone: its group is tried again without it.
            let next = self.waiting().next();
            if let Some(next) = next {
                self.retry(ctx, next, None, true, true);
            }
        }
        Ok(())
    }

    async fn terminate(&mut self, id: &Arc<str>) -> Result<(), ChildError> {
        let missing = || ChildError::NotFound { child: id.clone() };
        let rank = *self.ranks.get(id).ok_or_else(missing)?;
        let slot = self.slots.get_mut(&rank).ok_or_else(missing)?;
        for (_, child) in slot.children() {
            cancel_retry(&mut self.retries, &child.cell());
        }
        let anchor = slot.children().any(|(_, child)| child.state.is_anchor());
        slot.stop(true).await;
        if anchor {
            self.give_group_up();
        }
        self.forget_ended(rank);
        Ok(())
    }

    /// Those that wait for a group restart, in start order.
    fn waiting(&self) -> impl Iterator<Item = Place> {
        self.slots.iter().flat_map(|(rank, slot)| {
            let waiting = slot.children().filter(|(_, child)| child.state == ChildState::Waiting);
            waiting.map(|(member, _)| (*rank, member))
        })
    }

    /// Those that wait for a group restart have ended for good when no try of one is left.
    fn give_group_up(&mut self) {
        if self.slots.values().flat_map(Slot::children).any(|(_, child)| child.state.is_anchor()) {
            return;
        }
        let waiting: Vec<_> = self.waiting().collect();
        for &place in &waiting {
            if let Some((child, ..)) = self.child(place) {
                child.state = ChildState::Stopped;
                child.cell().bury(ExitReason::Shutdown);
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
        let slot = self.slots.get_mut(&rank).ok_or_else(missing)?;
        slot.start(false).await?;
        Ok(())
    }

    fn delete(&mut self, id: &Arc<str>) -> Result<(), ChildError> {
        let rank = self.stopped(id)?;
        self.ranks.remove(id);
        if let Some(slot) = self.slots.remove(&rank) {
            for (_, child) in slot.children() {
                self.places.remove(&child.cell().pid());
            }
        }
        Ok(())
    }

    /// The rank of a stopped child.
    fn stopped(&self, id: &Arc<str>) -> Result<u32, ChildError> {
        let missing = || ChildError::NotFound { child: id.clone() };
        let rank = *self.ranks.get(id).ok_or_else(missing)?;
        let slot = self.slots.get(&rank).ok_or_else(missing)?;
        for (_, child) in slot.children() {
            match child.state.status() {
                ChildStatus::Running => return Err(ChildError::Running { child: id.clone() }),
                ChildStatus::Restarting => return Err(ChildError::Restarting { child: id.clone() }),
                ChildStatus::Stopped => {}
            }
        }
        Ok(rank)
    }

    fn which(&self) -> Vec<ChildInfo> {
        let rows = self.slots.values().flat_map(|slot| {
            slot.children().map(|(_, child)| {
                let cell = child.cell();
                ChildInfo {
                    id: slot.id.clone(),
                    pid: cell.pid(),
                    status: child.state.status(),
                    role: cell.role(),
                    restart: slot.options.restart,
                    shutdown: slot.options.shutdown,
                    incarnation: cell.incarnation(),
                }
            })
        });
        rows.collect()
    }

    fn health(&mut self) -> Health {
        let mut health = Health {
            running: 0,
            restarting: 0,
            stopped: 0,
            recent_restarts: self.intensity.used(Instant::now()),
            max_restarts: self.flags.max_restarts,
        };
        for (_, child) in self.slots.values().flat_map(Slot::children) {
            match child.state.status() {
                ChildStatus::Running => health.running += 1,
                ChildStatus::Restarting => health.restarting += 1,
                ChildStatus::Stopped => health.stopped += 1,
            }
        }
        health
    }

    fn find(&self, id: &Arc<str>) -> Option<Arc<dyn AnyCell>> {
        let slot = self.slots.get(self.ranks.get(id)?)?;
        slot.children().next().map(|(_, child)| child.cell())
    }

    async fn obey(&mut self, order: Order, ctx: &mut Context<Self>) -> Verdict {
        match order {
            Order::Ended { pid, incarnation, reason, escalate } => {
                return self.ended(ctx, pid, incarnation, reason, escalate).await;
            }
            Order::Retry { pid, ticket } => return self.try_again(ctx, pid, ticket).await,
            Order::Start { id, options, body, tell } => {
                let outcome = self.start_child(id, options, body).await;
                shielded(|| tell.send(outcome));
            }
            Order::StartMember { group, starter, tell } => {
                let outcome = self.start_member(&group, starter).await;
                shielded(|| tell.send(outcome));
            }
            Order::TerminateMember { group, pid, tell } => {
                let outcome = self.terminate_member(ctx, &group, pid).await;
                shielded(|| tell.send(outcome));
            }
            Order::Terminate { id, tell } => {
                let outcome = self.terminate(&id).await;
                shielded(|| tell.send(outcome));
            }
            Order::Restart { id, tell } => {
                let outcome = self.restart_child(&id).await;
                shielded(|| tell.send(outcome));
            }
            Order::Delete { id, tell } => {
                let outcome = self.delete(&id);
                shielded(|| tell.send(outcome));
            }
            Order::Members { group, tell } => {
                let slot = self.ranks.get(&group).and_then(|rank| self.slots.get(rank));
                let cells = slot.map(|slot| slot.children().map(|(_, child)| child.cell()).collect());
                shielded(|| tell.send(cells.unwrap_or_default()));
            }
            Order::Find { id, tell } => {
                shielded(|| tell.send(self.find(&id)));
            }
            Order::Which { tell } => {
                shielded(|| tell.send(self.which()));
            }
            Order::Health { tell } => {
                shielded(|| tell.send(self.health()));
            }
        }
        None
    }
}

impl Actor for Supervisor {
    type Message = Command;
    const CONFIG: ActorConfig = ActorConfig::DEFAULT.unbounded();

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
        for (_, mut slot) in std::mem::take(&mut self.slots) {
            // After a kill, delayed restarts are still set.
            for (_, child) in slot.children() {
                cancel_retry(&mut self.retries, &child.cell());
            }
            if !slot.declared {
                continue;
            }
            if let Body::Group { members, dynamic: true, .. } = &mut slot.body {
                members.clear();
            }
            kept.push(slot);
        }
        let mut estate = self.estate.lock();
        estate.slots.extend(kept);
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
