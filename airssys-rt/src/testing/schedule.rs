//! The seeded order of everything that is ready, the faults that strike in between, and the log of it all.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::discard;
use crate::kernel::Task;
use crate::lock::Lock;
use crate::process::{AnyCell, Ending, ProcessRole, short_name};
use crate::process_id::ProcessId;
use crate::sorted::Sorted;

use super::fault::{Fault, Faults};
use super::log::{Entry, Event};

/// Decides who runs next in a simulation. Whatever is ready waits in a list, and a seeded generator picks from it.
pub(crate) struct Schedule {
    pub(super) state: Lock<State>,
    began: Instant,
}

pub(super) struct State {
    random: Random,
    tasks: Sorted<u64, Entrant>,
    ready: Vec<u64>,
    next: u64,
    driver: Option<Waker>,
    pub(super) faults: Faults,
    /// How many faults there were, and how many of them were panics.
    pub(super) struck: u64,
    pub(super) panics: u64,
    pub(super) victims: Sorted<ProcessId, Victim>,
    pub(super) log: Vec<Entry>,
    order: DefaultHasher,
}

/// What is known of a process.
#[derive(Default)]
pub(super) struct Victim {
    /// How often its task has run.
    pub(super) steps: u64,
    /// The faults that are due at a given step of it.
    pub(super) due: Vec<(u64, Fault)>,
    /// The fault that strikes at its next message.
    at_message: Option<Fault>,
    name: Option<Arc<str>>,
}

/// A task, and the actor that it runs, if it runs one.
struct Entrant {
    task: Task,
    actor: Option<Weak<dyn AnyCell>>,
    /// A delay holds it back.
    held: bool,
}

/// SplitMix64: small, seeded, and good enough to order things.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    #[expect(clippy::cast_precision_loss, reason = "53 bits are kept, which is what a double holds")]
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with this probability. What cannot happen draws no number, so that it changes no schedule.
    fn strikes(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.unit() < probability
    }
}

struct Wakeup {
    task: u64,
    schedule: Weak<Schedule>,
}

impl Wake for Wakeup {
    fn wake(self: Arc<Self>) {
        if let Some(schedule) = self.schedule.upgrade() {
            schedule.make_ready(self.task);
        }
    }
}

impl State {
    fn make_ready(&mut self, task: u64) {
        if !self.tasks.get(&task).is_some_and(|entrant| entrant.held) && !self.ready.contains(&task) {
            self.ready.push(task);
        }
    }

    fn strike(&mut self, fault: Fault) {
        self.struck += 1;
        self.panics += u64::from(matches!(fault, Fault::Panic));
    }

    /// What strikes a process whose task is about to run.
    fn fault_of_step(&mut self, pid: ProcessId, supervises: bool) -> Option<Fault> {
        let victim = self.victims.entry(pid);
        victim.steps += 1;
        if let Some(at) = victim.due.iter().position(|(step, _)| *step == victim.steps) {
            return Some(victim.due.swap_remove(at).1);
        }
        let faults = self.faults;
        if supervises && !faults.supervisors {
            return None;
        }
        if self.random.strikes(faults.abort) {
            return Some(Fault::Abort);
        }
        if self.random.strikes(faults.delay) {
            let share = self.random.unit();
            return Some(Fault::Delay(faults.longest.mul_f64(share)));
        }
        None
    }

    /// What strikes a process that is about to handle a message.
    fn fault_of_message(&mut self, pid: ProcessId, supervises: bool) -> Option<Fault> {
        if let Some(fault) = self.victims.entry(pid).at_message.take() {
            return Some(fault);
        }
        let faults = self.faults;
        if supervises && !faults.supervisors {
            return None;
        }
        // A supervisor's messages are the framework's own: they are not lost by a bug of its user.
        if !supervises && self.random.strikes(faults.panic) {
            return Some(Fault::Panic);
        }
        if !supervises && self.random.strikes(faults.error) {
            return Some(Fault::Error);
        }
        if self.random.strikes(faults.kill) {
            return Some(Fault::Kill);
        }
        self.random.strikes(faults.stop).then_some(Fault::Stop)
    }
}

impl Schedule {
    /// To be made where the virtual clock runs.
    pub(super) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            state: Lock::new(State {
                random: Random(seed),
                tasks: Sorted::new(),
                ready: Vec::new(),
                next: 0,
                driver: None,
                faults: Faults::none(),
                struck: 0,
                panics: 0,
                victims: Sorted::new(),
                log: Vec::new(),
                order: DefaultHasher::new(),
            }),
            began: Instant::now(),
        })
    }

    /// Runs a task: an actor's, if `actor` is given.
    pub(crate) fn spawn(&self, task: Task, actor: Option<Weak<dyn AnyCell>>) {
        let mut state = self.state.lock();
        let number = state.next;
        state.next += 1;
        state.tasks.insert(number, Entrant { task, actor, held: false });
        state.ready.push(number);
        self.go_on(state.driver.take(), state);
    }

    fn make_ready(&self, task: u64) {
        let mut state = self.state.lock();
        state.make_ready(task);
        self.go_on(state.driver.take(), state);
    }

    /// Lets the driver see what became ready, once the state is unlocked.
    fn go_on<G>(&self, driver: Option<Waker>, unlocked: G) {
        drop(unlocked);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// A seeded coin: whether an ask that could be handled at once takes the long way.
    pub(crate) fn coin(&self) -> bool {
        self.state.lock().random.next() & 1 == 1
    }

    /// A seeded coin: whether a process that was made runnable runs before its task is scheduled. It counts as a step.
    pub(crate) fn runs_at_once(&self, pid: ProcessId) -> bool {
        let mut state = self.state.lock();
        let due = !state.victims.entry(pid).due.is_empty();
        // A fault that strikes at a step needs one that can be struck.
        let runs = state.random.next() & 1 == 1 && !due && state.faults.abort + state.faults.delay <= 0.0;
        if runs {
            state.victims.entry(pid).steps += 1;
        }
        runs
    }

    /// A seeded number from 0 to 1.
    pub(crate) fn chance(&self) -> f64 {
        self.state.lock().random.unit()
    }

    /// Notes what happened to a process.
    pub(crate) fn note(&self, cell: &dyn AnyCell, what: Event) {
        let pid = cell.pid();
        let known = self.state.lock().victims.entry(pid).name.clone();
        let name = known.unwrap_or_else(|| {
            let name = cell.name().or_else(|| cell.label());
            name.unwrap_or_else(|| short_name(cell.type_name()).into())
        });
        let mut state = self.state.lock();
        match what {
            Event::Handling { message } => (pid.as_u64(), message).hash(&mut state.order),
            Event::Ended { .. } => state.victims.entry(pid).name = None,
            _ => state.victims.entry(pid).name = Some(name.clone()),
        }
        let at = self.began.elapsed();
        state.log.push(Entry { at, pid: Some(pid), name, what });
    }

    /// Notes what the test says.
    pub(super) fn note_text(&self, text: Arc<str>) {
        let at = self.began.elapsed();
        let entry = Entry { at, pid: None, name: "".into(), what: Event::Note(text) };
        self.state.lock().log.push(entry);
    }

    /// A number that stands for the order of all handler runs so far.
    pub(super) fn order(&self) -> u64 {
        self.state.lock().order.finish()
    }

    /// Notes that a message is about to be handled, and says what strikes its actor instead.
    pub(crate) fn about_to_handle(&self, cell: &dyn AnyCell, message: &'static str) -> Option<Fault> {
        self.note(cell, Event::Handling { message });
        let supervises = cell.role() == ProcessRole::Supervisor;
        let fault = {
            let mut state = self.state.lock();
            let fault = state.fault_of_message(cell.pid(), supervises)?;
            state.strike(fault);
            fault
        };
        self.note(cell, Event::Fault(fault));
        Some(fault)
    }

    /// Drops the tasks of a process. False when it has none that waits.
    pub(super) fn abort(&self, pid: ProcessId) -> bool {
        let tasks: Vec<_> = {
            let mut state = self.state.lock();
            let of_actor = |entrant: &Entrant| {
                let actor = entrant.actor.as_ref().and_then(Weak::upgrade);
                actor.is_some_and(|actor| actor.pid() == pid)
            };
            let numbers: Vec<_> =
                state.tasks.iter().filter(|(_, one)| of_actor(one)).map(|(number, _)| *number).collect();
            numbers.into_iter().filter_map(|number| state.tasks.remove(&number)).collect()
        };
        let aborted = !tasks.is_empty();
        for entrant in tasks {
            self.drop_task(entrant.task);
        }
        aborted
    }

    fn drop_task(&self, task: Task) {
        // As a task of Tokio: what panics in it is its own.
        let _ = discard(task);
    }

    /// Runs one ready task. False when none is ready.
    pub(super) fn step(self: &Arc<Self>, cx: &mut Context<'_>) -> bool {
        let (number, entrant) = {
            let mut state = self.state.lock();
            if state.ready.is_empty() {
                state.driver = Some(cx.waker().clone());
                return false;
            }
            let bound = state.ready.len();
            let place = state.random.below(bound);
            let number = state.ready.swap_remove(place);
            (number, state.tasks.remove(&number))
        };
        let Some(mut entrant) = entrant else { return true };
        if let Some(actor) = entrant.actor.as_ref().and_then(Weak::upgrade)
            && let Some(fault) = self.fault_of_step(&*actor)
        {
            match fault {
                Fault::Abort => {
                    self.drop_task(entrant.task);
                    return true;
                }
                Fault::Delay(time) => {
                    self.hold(number, entrant, time);
                    return true;
                }
                Fault::Kill => drop(actor.request(Ending::Kill, true)),
                Fault::Stop => drop(actor.request(Ending::Stop, true)),
                Fault::Panic | Fault::Error => {
                    self.state.lock().victims.entry(actor.pid()).at_message = Some(fault);
                }
            }
        }
        let waker = Waker::from(Arc::new(Wakeup { task: number, schedule: Arc::downgrade(self) }));
        let mut inner = Context::from_waker(&waker);
        match catch_unwind(AssertUnwindSafe(|| entrant.task.as_mut().poll(&mut inner))) {
            Ok(Poll::Pending) => {
                self.state.lock().tasks.insert(number, entrant);
            }
            Ok(Poll::Ready(())) => drop(entrant),
            Err(payload) => {
                let _ = discard(payload);
                self.drop_task(entrant.task);
            }
        }
        true
    }

    fn fault_of_step(&self, actor: &dyn AnyCell) -> Option<Fault> {
        let supervises = actor.role() == ProcessRole::Supervisor;
        let fault = {
            let mut state = self.state.lock();
            let fault = state.fault_of_step(actor.pid(), supervises)?;
            if !matches!(fault, Fault::Panic | Fault::Error) {
                state.strike(fault);
            }
            fault
        };
        if !matches!(fault, Fault::Panic | Fault::Error) {
            self.note(actor, Event::Fault(fault));
        }
        Some(fault)
    }

    /// Holds a task back for some time.
    fn hold(self: &Arc<Self>, number: u64, mut entrant: Entrant, time: Duration) {
        entrant.held = true;
        self.state.lock().tasks.insert(number, entrant);
        let schedule = Arc::downgrade(self);
        let task: Task = Box::pin(async move {
            tokio::time::sleep(time).await;
            if let Some(schedule) = schedule.upgrade() {
                let mut state = schedule.state.lock();
                if let Some((_, entrant)) = state.tasks.get_mut_by(|known| known.cmp(&number)) {
                    entrant.held = false;
                }
                drop(state);
                schedule.make_ready(number);
            }
        });
        drop(tokio::spawn(task));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_happen_draws_no_number() {
        let (mut one, mut other) = (Random(7), Random(7));
        assert!(!one.strikes(0.0));
        assert_eq!(one.next(), other.next());
    }
}
