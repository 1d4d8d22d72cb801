//! A crowd: the many actors that one publish, or one turn, makes runnable share a few tasks, instead of having one each.
//!
//! A task costs a kilobyte and its spawn, and those of ten thousand actors no longer fit the processor's caches; an actor
//! in the crowd costs a pointer.
//!
//! Rules:
//!
//! 1. An actor in the crowd is scheduled and owed its task, or a wake: it is run here until it is idle again, or else it gets
//!    what it is owed.
//! 2. While there is anybody in the crowd, there is a task that serves it: who joins makes up for a missing one.
//! 3. There are as many as the runtime has workers, and all take from one line, one at a time: a handler that blocks
//!    keeps nobody but its own worker. One that blocks by way of the framework has another task take its place.
//! 4. The last of these tasks to be dropped before its end (the runtime goes away) gives everybody left what is owed.
//! 5. The first few of a publish are not in the crowd: they may become hot, and keep a task.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::cell::{Action, host_within};
use crate::kernel::Kernel;
use crate::lock::Lock;
use crate::process::AnyCell;

/// How many actors of a publish get tasks of their own.
const FEW: u32 = 8;
/// How many messages a task handles before other tasks get their turn.
const BUDGET: u32 = 256;
/// How many places an empty line keeps.
const KEPT: usize = 64;

thread_local! {
    /// Zero while nothing is published on this thread; else one more than the actors that it has made runnable.
    static PUBLISHED: Cell<u32> = const { Cell::new(0) };
    /// The system whose crowd is served on this thread.
    static SERVES: RefCell<Option<Arc<Kernel>>> = const { RefCell::new(None) };
}

/// Runs what makes many actors runnable at once.
pub(crate) fn during<T>(publish: impl FnOnce() -> T) -> T {
    struct Before(u32);
    impl Drop for Before {
        fn drop(&mut self) {
            PUBLISHED.set(self.0);
        }
    }
    let _before = Before(PUBLISHED.replace(1));
    publish()
}

/// Whether an actor that becomes runnable now is one of many.
#[inline]
pub(crate) fn gathers() -> bool {
    let count = PUBLISHED.get();
    if count == 0 {
        return false;
    }
    PUBLISHED.set(count.saturating_add(1));
    count > FEW
}

pub(crate) struct Crowd {
    line: Lock<Line>,
    workers: usize,
}

struct Line {
    cells: VecDeque<(Arc<dyn AnyCell>, Action)>,
    tasks: usize,
    /// How many of them run an actor.
    busy: usize,
}

impl Crowd {
    pub(crate) fn new(workers: usize) -> Self {
        Self { line: Lock::new(Line { cells: VecDeque::new(), tasks: 0, busy: 0 }), workers }
    }

    /// Whether the runtime has several workers, so that an actor may run on another one at this moment.
    pub(crate) fn has_company(&self) -> bool {
        self.workers > 1
    }

    /// Takes in an actor that is scheduled and would be spawned or woken; not where its wake is less than a task for the crowd.
    pub(crate) fn join(cell: Arc<dyn AnyCell>, action: Action) -> Result<(), (Arc<dyn AnyCell>, Action)> {
        let kernel = cell.kernel().clone();
        let crowd = &kernel.crowd;
        let mut line = crowd.line.lock();
        if line.tasks == 0 && !matches!(action, Action::Spawn) {
            return Err((cell, action));
        }
        line.cells.push_back((cell, action));
        // Rules 2 and 3.
        let serve = line.tasks < crowd.workers && line.tasks - line.busy < line.cells.len();
        line.tasks += usize::from(serve);
        drop(line);
        if serve {
            kernel.clone().spawn(Service { kernel, done: false });
        }
        Ok(())
    }

    /// The next one, after one that was run or not; `None` ends the task that asks.
    fn next(&self, after: bool) -> Option<(Arc<dyn AnyCell>, Action)> {
        let mut line = self.line.lock();
        line.busy -= usize::from(after);
        let next = line.cells.pop_front();
        if next.is_some() {
            line.busy += 1;
        } else {
            line.tasks -= 1;
            if line.cells.capacity() > KEPT {
                line.cells = VecDeque::new();
            }
        }
        next
    }
}

/// The thread is about to block: if it serves a crowd, another task takes its place.
pub(crate) fn let_go() {
    let served = SERVES.take();
    if let Some(kernel) = served {
        // It stays busy, and is one more than there are workers.
        kernel.crowd.line.lock().tasks += 1;
        kernel.spawn(Service { kernel: kernel.clone(), done: false });
    }
}

/// A task that serves the crowd until nobody is left in it.
struct Service {
    kernel: Arc<Kernel>,
    done: bool,
}

impl Future for Service {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        struct Serves;
        impl Drop for Serves {
            fn drop(&mut self) {
                drop(SERVES.take());
            }
        }
        SERVES.set(Some(self.kernel.clone()));
        let _serves = Serves;
        let (mut budget, mut after) = (BUDGET, false);
        while budget > 0 {
            let Some((cell, action)) = self.kernel.crowd.next(after) else {
                self.done = true;
                return Poll::Ready(());
            };
            let before = budget;
            host_within(&self.kernel, &mut budget, |budget| cell.run_owed(action, budget));
            after = true;
            // One that got its task has cost something, too.
            budget = budget.min(before - 1);
        }
        self.kernel.crowd.line.lock().busy -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let left = {
            let mut line = self.kernel.crowd.line.lock();
            line.tasks -= 1;
            if line.tasks == 0 { std::mem::take(&mut line.cells) } else { VecDeque::new() }
        };
        // Rule 4.
        for (cell, action) in left {
            cell.settle_owed(action);
        }
    }
}
