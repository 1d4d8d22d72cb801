//! The shared inside of a system: what every cell may need, and no actor type.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime::{self, Handle, RuntimeFlavor};
use tokio::sync::oneshot;
use tokio::task;

use crate::config::MailboxConfig;
use crate::crowd::Crowd;
use crate::dead_letter::DeadLetters;
use crate::deadline::Deadlines;
use crate::event_bus::Bus;
use crate::linger::Linger;
use crate::process::{AnyCell, Ending, Tally};
use crate::registry::{Registry, Roll};
use crate::table::Table;
use crate::testing::log::Event;
use crate::testing::schedule::Schedule;
use crate::timer::Timers;

pub(crate) struct Kernel {
    pub(crate) name: Arc<str>,
    pub(crate) runtime: Handle,
    pub(crate) runtime_id: runtime::Id,
    /// The same, where no simulation has a say in what runs.
    pub(crate) quiet_id: Option<runtime::Id>,
    pub(crate) ask_timeout: Duration,
    pub(crate) mailbox: MailboxConfig,
    pub(crate) table: Table,
    pub(crate) registry: Registry,
    pub(crate) roll: Roll,
    pub(crate) timers: Timers,
    pub(crate) deadlines: Deadlines,
    pub(crate) bus: Bus,
    pub(crate) dead_letters: DeadLetters,
    pub(crate) linger: Linger,
    pub(crate) crowd: Crowd,
    pub(crate) totals: Totals,
    pub(crate) closing: AtomicBool,
    /// Present in a simulation: it orders everything that runs.
    pub(crate) schedule: Option<Arc<Schedule>>,
    /// Dropped with the last handle: then the system's witness leaves its runtime.
    pub(crate) _witness: oneshot::Sender<()>,
}

/// A task that does nothing until its runtime drops it: then nobody else would tell the actors without a task of
/// their own, nor those who wait for an answer that such an actor keeps.
pub(crate) struct Witness(Weak<Kernel>);

impl Witness {
    /// Stays in the runtime as long as the system has a handle.
    pub(crate) fn post(kernel: &Arc<Kernel>, system: oneshot::Receiver<()>) {
        let witness = Self(Arc::downgrade(kernel));
        spawn_boxed(
            &kernel.runtime,
            Box::pin(async move {
                // Moved in before the first poll: it may be dropped without one.
                let _witness = witness;
                let _ = system.await;
            }),
        );
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        if let Some(kernel) = self.0.upgrade() {
            for cell in kernel.top_level().into_iter().rev() {
                cell.request(Ending::Kill, true);
            }
        }
    }
}

/// What the system counts besides what each live actor counts itself.
#[derive(Default)]
pub(crate) struct Totals {
    pub(crate) accepted: AtomicU64,
    pub(crate) handled: AtomicU64,
    pub(crate) lost_in_hand: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) evicted: AtomicU64,
    pub(crate) restarts: AtomicU64,
    pub(crate) failures: AtomicU64,
    pub(crate) told_errors: AtomicU64,
    pub(crate) leaked: AtomicU64,
}

/// Adds to a counter whose exact moment nobody relies on.
pub(crate) fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

thread_local! {
    /// A task that was last seen to be polled here, by its own waker, and by which runtime.
    ///
    /// Tokio tells the current runtime only by a clone of its handle, whose count all workers write. A task stays with its
    /// runtime, and no two have an id in common; a runtime entered within a task polls by a waker of its own.
    static KNOWN: Cell<Option<(task::Id, usize, runtime::Id)>> = const { Cell::new(None) };
}

#[inline(never)]
fn is_current(runtime: runtime::Id) -> bool {
    match Handle::try_current() {
        Ok(handle) => handle.id() == runtime,
        Err(_) => false,
    }
}

/// A future of the framework that is not spawned for a message.
///
/// All of one type: to each type of a future that Tokio runs belong two hundred functions, which who uses them compiles.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

#[inline(never)]
pub(crate) fn spawn_boxed(runtime: &Handle, task: Task) {
    drop(runtime.spawn(task));
}

impl Kernel {
    /// Runs a future of the framework: on Tokio, or where the simulation says.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.spawn_task(Box::pin(future));
    }

    fn spawn_task(&self, task: Task) {
        match &self.schedule {
            Some(schedule) => schedule.spawn(task, None),
            #[cfg(all(test, airssys_loom))]
            None => crate::loom_tests::spawn(task),
            #[cfg(not(all(test, airssys_loom)))]
            None => spawn_boxed(&self.runtime, task),
        }
    }

    /// Runs the task of an actor.
    #[inline]
    pub(crate) fn spawn_actor<C: AnyCell>(
        &self,
        cell: &Arc<C>,
        future: impl Future<Output = ()> + Send + 'static,
    ) {
        match &self.schedule {
            Some(schedule) => {
                let actor: Arc<dyn AnyCell> = cell.clone();
                schedule.spawn(Box::pin(future), Some(Arc::downgrade(&actor)));
            }
            #[cfg(all(test, airssys_loom))]
            None => crate::loom_tests::spawn(Box::pin(future)),
            #[cfg(not(all(test, airssys_loom)))]
            None => drop(self.runtime.spawn(future)),
        }
    }

    /// Runs the task of an actor whose polls may block their thread: on Tokio's blocking pool, or where the simulation says.
    pub(crate) fn spawn_blocking<C: AnyCell>(&self, cell: &Arc<C>, task: Task) {
        match &self.schedule {
            Some(_) => self.spawn_actor(cell, task),
            None => crate::blocking::spawn(&self.runtime, task),
        }
    }

    /// In a simulation, notes what happened to a process.
    #[inline]
    pub(crate) fn note(&self, cell: &dyn AnyCell, what: impl FnOnce() -> Event) {
        if let Some(schedule) = &self.schedule {
            schedule.note(cell, what());
        }
    }

    /// Called by who waits for an actor with a time limit, after waking it.
    ///
    /// The actor may be next on this very worker, and block it. Of Tokio's workers one watches the clock, and it hands
    /// it over when it sleeps, not when it is blocked: with all others asleep, the limit would never pass. One more
    /// task in the queue wakes another worker, which finds the clock free.
    pub(crate) fn keep_time(&self) {
        if self.schedule.is_none() && self.runtime.runtime_flavor() != RuntimeFlavor::CurrentThread {
            spawn_boxed(&self.runtime, Box::pin(std::future::ready(())));
        }
    }

    /// Whether the current thread runs on the system's own runtime.
    #[inline]
    pub(crate) fn is_here(&self) -> bool {
        is_current(self.runtime_id)
    }

    /// Whether the current thread runs on the system's own runtime, and no simulation decides what it does; `poll` is the
    /// address behind the waker of the future that asks.
    #[inline]
    pub(crate) fn is_quietly_here(&self, poll: usize) -> bool {
        let Some(runtime) = self.quiet_id else { return false };
        let Some(task) = task::try_id() else { return is_current(runtime) };
        if KNOWN.get() == Some((task, poll, runtime)) {
            return true;
        }
        let here = is_current(runtime);
        if here {
            KNOWN.set(Some((task, poll, runtime)));
        }
        here
    }

    /// A number from 0 to 1 by chance: by the seed in a simulation.
    pub(crate) fn chance(&self) -> f64 {
        match &self.schedule {
            Some(schedule) => schedule.chance(),
            None => {
                use std::hash::{BuildHasher, RandomState};
                f64::from(RandomState::new().hash_one(0_u8) as u32) / f64::from(u32::MAX)
            }
        }
    }

    /// What an actor that ended for good had counted.
    pub(crate) fn retire(&self, tally: Tally) {
        count(&self.totals.accepted, tally.accepted);
        count(&self.totals.handled, tally.handled);
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    pub(crate) fn top_level(&self) -> Vec<Arc<dyn AnyCell>> {
        let mut all = self.table.all();
        all.retain(|cell| cell.owner().is_none());
        all
    }
}
