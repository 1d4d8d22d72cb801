//! The same trees and steps as in `model.rs`, carried out by the runtime in a simulation, and held against the model.
//!
//! After each step the simulation comes to rest, one millisecond passes, and what its log shows since is compared with
//! what the model says: the starts, failed starts and ends in their exact order, who ended for good, and the answer of
//! an admin call; now and then the rows of `children()` of one supervisor.
//!
//! Not driven: two crashes before the supervisor hears of either (the model's `CrashBoth`, since a test cannot hold the
//! supervisor back), and stop hooks are not seen, so that a brutal kill shows by its reason alone.
//!
//! Not compared, since no row gives it an order: the ends of what a killed supervisor had and of the members of one
//! group, and who ended for good in one step: each of these is compared as a set. When the delays of two supervisors end at
//! the very same moment, either may be first, and with them all that follows: such a script is left off there.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use airssys_rt::prelude::*;
use airssys_rt::testing::{Entry, Event, Simulation};
use airssys_rt::{ProcessId, SupervisorSpec};
use tokio::time::Instant;

use crate::model::{self, Body, Child, Fault, Millis, Outcome, Policy, Reason, Seen, Step, Tree};
use crate::scripts::ROOT;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whom a script may speak of.
#[derive(Clone, Default)]
struct Stage {
    inside: Arc<Inside>,
}

#[derive(Default)]
struct Inside {
    supervisors: Mutex<HashMap<String, Supervised<()>>>,
    groups: Mutex<HashMap<String, Children<Actor, Part>>>,
    workers: Mutex<HashMap<String, WeakRef<Actor>>>,
    failing: Mutex<HashMap<String, (u32, Fault)>>,
    labels: Mutex<HashMap<ProcessId, String>>,
}

/// What one worker is made of.
#[derive(Clone)]
pub struct Part {
    id: String,
    stuck: bool,
    stage: Stage,
}

impl Part {
    async fn build(self) -> ActorResult<Actor> {
        let fault = locked(&self.stage.inside.failing).get_mut(&self.id).and_then(|(times, fault)| {
            *times = times.checked_sub(1)?;
            Some(*fault)
        });
        match fault {
            None => Ok(Actor { part: self }),
            Some(Fault::Error) => Err(ActorError::msg("the script says no")),
            Some(Fault::Panic) => panic!("the script says no"),
        }
    }
}

/// A worker of a script.
#[actor]
pub struct Actor {
    part: Part,
}

#[handlers(message(name = "ActorMessage"))]
impl Actor {
    #[handler(start)]
    fn started(&mut self, ctx: &mut Context<Self>) {
        let (id, inside) = (&self.part.id, &self.part.stage.inside);
        locked(&inside.labels).insert(ctx.pid(), id.clone());
        locked(&inside.workers).insert(id.clone(), ctx.this().downgrade());
    }

    #[handler(stop)]
    async fn stopping(&mut self, reason: ExitReason) {
        if self.part.stuck && reason == ExitReason::Shutdown {
            std::future::pending::<()>().await;
        }
    }

    #[handler]
    pub fn finish(&mut self, ctx: &mut Context<Self>) {
        ctx.stop();
    }

    #[handler]
    pub fn shut_down(&mut self, ctx: &mut Context<Self>) {
        ctx.shutdown_with("the script says so");
    }

    #[handler]
    pub fn go_wrong(&mut self) -> ActorResult<()> {
        Err(ActorError::msg("the script says so"))
    }

    #[handler]
    pub fn go_mad(&mut self) {
        panic!("the script says so");
    }
}

fn restart(policy: Policy) -> RestartPolicy {
    match policy {
        Policy::Permanent => RestartPolicy::Permanent,
        Policy::Transient => RestartPolicy::Transient,
        Policy::Temporary => RestartPolicy::Temporary,
    }
}

fn shutdown(shutdown: model::Shutdown) -> Shutdown {
    match shutdown {
        model::Shutdown::After(limit) => Shutdown::After(Duration::from_millis(limit)),
        model::Shutdown::Kill => Shutdown::Kill,
        model::Shutdown::Wait => Shutdown::Wait,
    }
}

impl Stage {
    fn worker(&self, child: &Child, stuck: bool) -> ChildSpec<Actor> {
        let part = Part { id: child.id.clone(), stuck, stage: self.clone() };
        ChildSpec::new(child.id.as_str(), move || part.clone().build())
            .restart(restart(child.policy))
            .shutdown(shutdown(child.shutdown))
            .significant(child.significant)
    }

    fn supervisor(&self, id: &str, supervisor: &model::Supervisor) -> SupervisorSpec<()> {
        let mut builder = Supervisor::builder()
            .name(id)
            .strategy(match supervisor.strategy {
                model::Strategy::OneForOne => RestartStrategy::OneForOne,
                model::Strategy::OneForAll => RestartStrategy::OneForAll,
                model::Strategy::RestForOne => RestartStrategy::RestForOne,
            })
            .max_restarts(supervisor.max_restarts as u32)
            .within(Duration::from_millis(supervisor.within))
            .auto_shutdown(match supervisor.auto_shutdown {
                model::AutoShutdown::Never => AutoShutdown::Never,
                model::AutoShutdown::AnySignificant => AutoShutdown::AnySignificant,
                model::AutoShutdown::AllSignificant => AutoShutdown::AllSignificant,
            });
        if let Some(backoff) = supervisor.backoff {
            let (first, max) = (Duration::from_millis(backoff.first), Duration::from_millis(backoff.max));
            let reset_after = Duration::from_millis(backoff.reset_after);
            builder = builder.backoff(Backoff::new(first, max).jitter(0.0).reset_after(reset_after));
        }
        let (stage, children) = (self.clone(), supervisor.children.clone());
        builder.plan(move |mut starting| async move {
            for child in children {
                match &child.body {
                    &Body::Worker { stuck } => drop(starting.start(stage.worker(&child, stuck)).await?),
                    Body::Supervisor(supervisor) => {
                        let handle = starting.start(stage.below(&child, supervisor)).await?;
                        locked(&stage.inside.supervisors).insert(child.id, handle);
                    }
                    &Body::Children { max, .. } => {
                        let spec = ChildSpec::dynamic(child.id.as_str(), Part::build)
                            .restart(restart(child.policy))
                            .shutdown(shutdown(child.shutdown))
                            .max(max);
                        let handle = starting.start(spec).await?;
                        locked(&stage.inside.groups).insert(child.id, handle);
                    }
                }
            }
            Ok(())
        })
    }

    fn below(
        &self,
        child: &Child,
        supervisor: &model::Supervisor,
    ) -> airssys_rt::SupervisorChild<(), std::future::Ready<ActorResult<SupervisorSpec<()>>>> {
        let spec = self.supervisor(&child.id, supervisor);
        ChildSpec::supervisor(child.id.as_str(), std::future::ready(Ok(spec)))
            .restart(restart(child.policy))
            .significant(child.significant)
    }

    fn handle(&self, supervisor: &str) -> Option<Supervised<()>> {
        locked(&self.inside.supervisors).get(supervisor).cloned()
    }

    fn group(&self, group: &str) -> Option<Children<Actor, Part>> {
        locked(&self.inside.groups).get(group).cloned()
    }

    fn actor(&self, id: &str) -> Option<ActorRef<Actor>> {
        locked(&self.inside.workers).get(id)?.upgrade()
    }

    /// Does one step; an admin call's answer in the model's words.
    async fn act(&self, step: &Step, stuck: impl Fn(&str) -> bool) -> Option<String> {
        let gone = || Some("no such process".to_owned());
        match step {
            Step::Crash { who, how } => {
                let actor = self.actor(who)?;
                match how {
                    Reason::Normal => drop(actor.finish().try_tell()),
                    Reason::Shutdown => drop(actor.shut_down().try_tell()),
                    Reason::Error => drop(actor.go_wrong().try_tell()),
                    Reason::Panic => drop(actor.go_mad().try_tell()),
                    Reason::Killed => drop(actor.kill()),
                }
                None
            }
            Step::CrashBoth { .. } => None,
            Step::FailStarts { who, times, how } => {
                locked(&self.inside.failing).insert(who.clone(), (*times, *how));
                None
            }
            Step::StartChild { supervisor, child } => {
                let Some(handle) = self.handle(supervisor) else { return gone() };
                Some(match &child.body {
                    &Body::Worker { stuck } => {
                        started(handle.start_child(self.worker(child, stuck)).await.map(drop))
                    }
                    Body::Supervisor(flags) => {
                        let answer = handle.start_child(self.below(child, flags)).await;
                        started(answer.map(|handle| {
                            locked(&self.inside.supervisors).insert(child.id.clone(), handle);
                        }))
                    }
                    Body::Children { .. } => return None,
                })
            }
            Step::TerminateChild { supervisor, id } => match self.handle(supervisor) {
                Some(handle) => Some(answered(handle.terminate_child(id).await)),
                None => gone(),
            },
            Step::RestartChild { supervisor, id } => match self.handle(supervisor) {
                Some(handle) => Some(answered(handle.restart_child(id).await)),
                None => gone(),
            },
            Step::DeleteChild { supervisor, id } => match self.handle(supervisor) {
                Some(handle) => Some(answered(handle.delete_child(id).await)),
                None => gone(),
            },
            Step::StartMember { group, id } => {
                let Some(handle) = self.group(group) else { return gone() };
                let part = Part { id: id.clone(), stuck: stuck(group), stage: self.clone() };
                Some(started(handle.start(part).await.map(drop)))
            }
            Step::TerminateMember { group, id } => {
                let (Some(handle), Some(pid)) = (self.group(group), self.pid(id)) else { return gone() };
                Some(answered(handle.terminate(pid).await))
            }
            Step::Kill { supervisor } => {
                drop(self.handle(supervisor)?.kill());
                None
            }
            Step::Stop { supervisor } => {
                drop(self.handle(supervisor)?.stop());
                None
            }
            Step::Advance { .. } => None,
        }
    }

    fn pid(&self, id: &str) -> Option<ProcessId> {
        locked(&self.inside.labels).iter().find(|(_, label)| *label == id).map(|(pid, _)| *pid)
    }
}

fn started(outcome: Result<(), StartError>) -> String {
    match outcome {
        Ok(()) => "ok".to_owned(),
        Err(StartError::Failed { .. } | StartError::Panicked { .. }) => "start failed".to_owned(),
        Err(StartError::AlreadyStarted { .. }) => "already started".to_owned(),
        Err(StartError::AlreadyPresent { .. }) => "already present".to_owned(),
        Err(StartError::MaxChildren { .. }) => "max children".to_owned(),
        Err(StartError::NoSupervisor) => "no such process".to_owned(),
        Err(error) => format!("unexpected: {error}"),
    }
}

fn answered(outcome: Result<(), ChildError>) -> String {
    match outcome {
        Ok(()) => "ok".to_owned(),
        Err(ChildError::NotFound { .. }) => "not found".to_owned(),
        Err(ChildError::Running { .. }) => "running".to_owned(),
        Err(ChildError::Restarting { .. }) => "restarting".to_owned(),
        Err(ChildError::NoSupervisor) => "no such process".to_owned(),
        Err(ChildError::Start(error)) => started(Err(error)),
        Err(error) => format!("unexpected: {error}"),
    }
}

/// The log of a simulation in the words of the model.
#[derive(Default)]
struct Reader {
    /// Of each process: the last incarnation that started, by the runtime's number and by its own count.
    started: HashMap<ProcessId, (u32, u32)>,
}

#[derive(Default, Debug)]
struct Shown {
    seen: Vec<String>,
    ended: Vec<String>,
}

impl Reader {
    fn read(&mut self, entries: &[Entry], stage: &Stage, member: Option<(&str, &str)>) -> Shown {
        let mut shown = Shown::default();
        let labels = locked(&stage.inside.labels);
        for entry in entries {
            let Some(pid) = entry.pid else { continue };
            let is_supervisor = entry.name.starts_with('s') || &*entry.name == ROOT;
            let label = match (labels.get(&pid), member) {
                (Some(label), _) => label.as_str(),
                // A member that has never been up has told nobody who it is.
                (None, Some((group, id))) if *group == *entry.name => id,
                (None, _) => &*entry.name,
            };
            match &entry.what {
                Event::Started { incarnation } => {
                    let known = self.started.entry(pid).or_default();
                    if *incarnation <= known.0 {
                        shown.seen.push(format!("incarnation {incarnation} after {} of {label}", known.0));
                    }
                    *known = (*incarnation, known.1 + 1);
                    shown.seen.push(format!("start {label} #{}", known.1));
                }
                Event::StartFailed { reason } => {
                    let how = if is_supervisor { "child" } else { word(reason) };
                    shown.seen.push(format!("start-failed {label} {how}"));
                }
                Event::Down { incarnation, reason } => {
                    let number = match self.started.get(&pid) {
                        Some((last, number)) if last == incarnation => *number,
                        _ => 0,
                    };
                    shown.seen.push(format!("end {label} #{number} {}", word(reason)));
                }
                Event::Ended { reason } if self.started.contains_key(&pid) => {
                    shown.ended.push(format!("ended {label} {}", word(reason)));
                }
                _ => {}
            }
        }
        shown.ended.sort();
        shown
    }
}

fn word(reason: &ExitReason) -> &'static str {
    match reason {
        ExitReason::Normal => "normal",
        ExitReason::Shutdown | ExitReason::ShutdownWith { .. } => "shutdown",
        ExitReason::Failed { .. } => "error",
        ExitReason::Panicked { .. } => "panic",
        ExitReason::Killed => "killed",
        _ => "unknown",
    }
}

/// Where the runtime did something else than the model.
#[derive(Debug, Clone)]
pub struct Mismatch {
    /// The step after which it was seen; none for the start of the tree.
    pub step: Option<usize>,
    pub model: Vec<String>,
    pub machine: Vec<String>,
}

/// Plays a script on both. The seed is that of the simulation.
pub fn play(seed: u64, root: &model::Supervisor, script: &[Step]) -> Result<(), Box<Mismatch>> {
    let (root, script) = (root.clone(), script.to_vec());
    Simulation::run(seed, move |sim| async move { compare(&sim, &root, &script).await })
}

async fn compare(sim: &Simulation, root: &model::Supervisor, script: &[Step]) -> Result<(), Box<Mismatch>> {
    let begun = Instant::now();
    let until = |millis: Millis| tokio::time::sleep_until(begun + Duration::from_millis(millis));
    let (stage, mut reader, mut tree) = (Stage::default(), Reader::default(), Tree::new(ROOT, root.clone()));

    let outcome = tree.start_root();
    let answer = sim.system().start(stage.supervisor(ROOT, root)).await.map(|handle| {
        locked(&stage.inside.supervisors).insert(ROOT.to_owned(), handle);
    });
    check(None, &outcome, &reader.read(&sim.take_log(), &stage, None), Some(started(answer)))?;

    let stop = Step::Stop { supervisor: ROOT.to_owned() };
    for (number, step) in script.iter().chain([&stop]).enumerate() {
        let stuck = |group: &str| {
            let known = tree.known();
            let body = known.iter().find(|(_, child)| child.id == group).map(|(_, child)| &child.body);
            matches!(body, Some(Body::Children { stuck: true, .. }))
        };
        let (stuck, member) = match step {
            Step::StartMember { group, id } => (stuck(group), Some((group.as_str(), id.as_str()))),
            _ => (false, None),
        };
        let mut outcome = tree.step(step);
        let answer = if outcome.skipped { None } else { stage.act(step, |_| stuck).await };
        // What the step has set off takes no time but that of a child that does not stop, which the model knows.
        outcome.then(tree.rest());
        until(tree.now()).await;
        if outcome.coincide {
            return Ok(());
        }
        check(Some(number), &outcome, &reader.read(&sim.take_log(), &stage, member), answer)?;
        if number % 3 == 0 {
            rows(number / 3, &tree, &stage).await?;
        }
    }
    let left = sim.system().processes();
    if left.is_empty() {
        Ok(())
    } else {
        let machine = left.iter().map(|process| format!("{process:?} is left")).collect();
        Err(Box::new(Mismatch { step: Some(script.len()), model: Vec::new(), machine }))
    }
}

fn check(
    step: Option<usize>,
    outcome: &Outcome,
    shown: &Shown,
    answer: Option<String>,
) -> Result<(), Box<Mismatch>> {
    if agrees(&outcome.seen, &shown.seen) && outcome.ended == shown.ended && outcome.answer == answer {
        return Ok(());
    }
    let mut machine = shown.seen.clone();
    machine.extend(shown.ended.iter().cloned());
    machine.extend(answer.map(|answer| format!("-> {answer}")));
    Err(Box::new(Mismatch { step, model: outcome.lines(), machine }))
}

fn agrees(model: &[Seen], machine: &[String]) -> bool {
    let mut left = machine;
    for seen in model {
        let length = match seen {
            Seen::Then(_) => 1,
            Seen::AnyOrder(some) => some.len(),
        };
        let Some((these, rest)) = left.split_at_checked(length) else { return false };
        let same = match seen {
            Seen::Then(line) => *line == these[0],
            Seen::AnyOrder(some) => {
                let mut these = these.to_vec();
                these.sort();
                these == *some
            }
        };
        if !same {
            return false;
        }
        left = rest;
    }
    left.is_empty()
}

/// The rows of one running supervisor, a different one each time.
async fn rows(number: usize, tree: &Tree, stage: &Stage) -> Result<(), Box<Mismatch>> {
    let alive = tree.alive();
    let running: Vec<&str> = alive
        .iter()
        .filter(|child| matches!(child.body, Body::Supervisor(_)))
        .map(|child| child.id.as_str())
        .collect();
    if running.is_empty() {
        return Ok(());
    }
    let id = running[number % running.len()];
    let model = tree.which_children(id).unwrap_or_default();
    let rows = match stage.handle(id) {
        Some(handle) => handle.children().await.unwrap_or_default(),
        None => Vec::new(),
    };
    let status = |status| match status {
        ChildStatus::Running => "running",
        ChildStatus::Restarting => "restarting",
        ChildStatus::Stopped => "stopped",
        _ => "unknown",
    };
    let machine: Vec<String> =
        rows.into_iter().map(|row| format!("{} {}", row.id, status(row.status))).collect();
    if model == machine {
        return Ok(());
    }
    Err(Box::new(Mismatch { step: Some(number), model, machine }))
}
