//! A crowd: actors that a publish, a turn or somebody outside makes runnable share a few tasks, instead of having one each.
//!
//! A task costs a kilobyte and its spawn, and those of ten thousand actors no longer fit the processor's caches; an actor
//! in the crowd costs a pointer.
//!
//! Rules:
//!
//! 1. An actor in the crowd is scheduled and owed its task, or a wake: it is run here until it is idle again, or else it gets
//!    what it is owed.
//! 2. While there is anybody in the line, a task that serves it waits for its turn at Tokio. So a handler that blocks keeps nobody
//!    but its own worker, if it does so in place not even that.
//! 3. That task lies where another worker can take it. The last one that a worker has spawned may not: it goes before everybody
//!    else, but by that worker. So nobody relies on one that another thread has spawned, and the second who joins by the same
//!    thread spawns a second one, before which the first lies in the open; and one that has its turn, finds others in the line,
//!    and nobody in the open to take them, spawns another one and waits behind it.
//! 4. The last of the waiting tasks to be dropped (the runtime goes away) gives everybody left what is owed.
//! 5. Where the tasks of a busy runtime keep one of these waiting, it gives those in the line tasks of their own, the more the longer
//!    it has waited: together they are to have as much of the runtime as if each had come by itself.
//! 6. After it has given somebody a task of its own, it runs nobody before that has had its turn: see rule 3.
//! 7. The first few of a publish may become hot, and keep a task, a kilobyte each; of the others those alone who leave the crowd.

use std::cell::Cell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::cell::{Action, has_gone, host_within};
use crate::kernel::Kernel;
use crate::lock::Lock;
use crate::mailbox::shrink_emptied;
use crate::process::AnyCell;

/// How many actors of a publish may become hot.
const FEW: u32 = 64;
/// How many messages a task handles before other tasks get their turn.
const BUDGET: u32 = 256;
/// How long it goes on before: little is known of those that come here.
const SHORT: Duration = Duration::from_micros(100);
/// How long it waits for its turn before others in the line get tasks of their own.
const LONG: Duration = Duration::from_millis(1);
/// For how long a wait one of them gets it: it costs a microsecond or two.
const EACH: Duration = Duration::from_micros(16);
/// How many get it at once.
const MOST: usize = 128;
/// How many get it with one that goes on in a task of its own: where the first does, the next ones may, too.
const ALONG: usize = 8;
/// How many places an empty line keeps.
const KEPT: usize = 64;

thread_local! {
    /// Zero while nothing is published on this thread; else one more than those who were told so far.
    static PUBLISHED: Cell<u32> = const { Cell::new(0) };
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

/// The next one of a publish is told.
pub(crate) fn count_one() {
    PUBLISHED.set(PUBLISHED.get().saturating_add(1));
}

/// Whether an actor that becomes runnable now is one of many. By its place among them, so that the first few are the same each time.
#[inline]
pub(crate) fn gathers() -> bool {
    PUBLISHED.get() > FEW + 1
}

pub(crate) struct Crowd {
    line: Lock<Line>,
    workers: usize,
}

type Owed = (Arc<dyn AnyCell>, Action);

#[derive(Default)]
struct Line {
    cells: VecDeque<Owed>,
    /// By which thread the tasks were spawned that have not had their first turn. Of two by the same one, one lies in the open.
    fresh: Vec<usize>,
    /// How many wait for a further turn, where any worker can take them.
    placed: usize,
}

impl Crowd {
    pub(crate) fn new(workers: usize) -> Self {
        Self { line: Lock::new(Line::default()), workers }
    }

    /// Whether the runtime has several workers, so that an actor may run on another one at this moment.
    pub(crate) fn has_company(&self) -> bool {
        self.workers > 1
    }

    /// Takes in an actor that is scheduled and would be spawned or woken; not where its wake is less than a task for the crowd.
    pub(crate) fn join(cell: Arc<dyn AnyCell>, action: Action) -> Result<(), Owed> {
        let kernel = cell.kernel().clone();
        let crowd = &kernel.crowd;
        let mut line = crowd.line.lock();
        if line.waiting() == 0 && !matches!(action, Action::Spawn) {
            return Err((cell, action));
        }
        line.cells.push_back((cell, action));
        // Rules 2 and 3.
        let thread = this_thread();
        let serve = line.placed == 0 && line.needs_another(thread, crowd.workers);
        if serve {
            line.fresh.push(thread);
        }
        drop(line);
        if serve {
            Service::spawn(&kernel, thread);
        }
        Ok(())
    }

    /// A task has its turn.
    fn begin(&self, place: Place) -> Begun {
        let mut line = self.line.lock();
        line.forget(place);
        let alone = line.placed == 0 && line.cells.len() > 1 && !line.is_one_open(self.workers);
        // With one worker there is nobody else who could take it.
        let behind = alone && self.workers > 1;
        let another = (behind || (alone && line.fresh.is_empty())).then(this_thread);
        line.placed += usize::from(behind);
        line.fresh.extend(another);
        let next = if behind { None } else { line.next() };
        Begun { next, behind, another }
    }

    fn next(&self) -> Option<Owed> {
        self.line.lock().next()
    }

    /// A task gives way to others. Whether it waits for its next turn.
    fn pause(&self) -> bool {
        let mut line = self.line.lock();
        let waits = !line.cells.is_empty() && line.placed < 2;
        line.placed += usize::from(waits);
        waits
    }

    /// So many of those who have waited longest get what they are owed.
    fn let_go(&self, count: usize) {
        if count > 0 {
            let left = self.line.lock().leave(count);
            for (cell, action) in left {
                cell.settle_owed(action);
            }
        }
    }
}

impl Line {
    fn waiting(&self) -> usize {
        self.fresh.len() + self.placed
    }

    /// Whether somebody who joins by this thread can rely on none of those that were spawned.
    fn needs_another(&self, thread: usize, workers: usize) -> bool {
        !self.is_one_open(workers) && (!self.fresh.contains(&thread) || self.cells.len() > 1)
    }

    /// Whether one of those that were spawned lies where any worker can take it: each worker has a place for one alone.
    fn is_one_open(&self, workers: usize) -> bool {
        let again = |(place, thread): (usize, &usize)| self.fresh[..place].contains(thread);
        self.fresh.len() > workers || self.fresh.iter().enumerate().any(again)
    }

    /// One that waited does so no longer.
    fn forget(&mut self, place: Place) {
        match place {
            Place::Fresh(thread) => {
                if let Some(place) = self.fresh.iter().position(|by| *by == thread) {
                    self.fresh.swap_remove(place);
                }
            }
            Place::Placed => self.placed -= 1,
            Place::Running => {}
        }
    }

    fn next(&mut self) -> Option<Owed> {
        let next = self.cells.pop_front();
        self.shrink();
        next
    }

    /// So many of those who have waited longest.
    fn leave(&mut self, count: usize) -> Vec<Owed> {
        let count = count.min(self.cells.len());
        let left = self.cells.drain(..count).collect();
        self.shrink();
        left
    }

    fn shrink(&mut self) {
        shrink_emptied(&mut self.cells, KEPT * size_of::<Owed>());
    }
}

/// What a task that serves the crowd finds when it has its turn.
struct Begun {
    next: Option<Owed>,
    /// Whether it waits once more, behind the other one.
    behind: bool,
    /// Whether it spawns another one, by which thread.
    another: Option<usize>,
}

/// Where a task that serves the crowd is.
#[derive(Clone, Copy)]
enum Place {
    /// Spawned by this thread.
    Fresh(usize),
    Placed,
    Running,
}

/// A number that no other living thread has.
fn this_thread() -> usize {
    PUBLISHED.with(|place| std::ptr::from_ref(place).addr())
}

/// A task that serves the crowd until nobody is left in its line.
struct Service {
    kernel: Arc<Kernel>,
    place: Place,
    /// Since when it waits for others. Not while a publish, which takes its time, keeps the worker.
    since: Option<Instant>,
}

impl Service {
    fn spawn(kernel: &Arc<Kernel>, thread: usize) {
        let since = (PUBLISHED.get() == 0).then(Instant::now);
        kernel.spawn(Self { kernel: kernel.clone(), place: Place::Fresh(thread), since });
    }

    /// It has given way, and waits for its next turn.
    fn wait(&mut self, cx: &Context<'_>) -> Poll<()> {
        self.place = Place::Placed;
        self.since = Some(Instant::now());
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Future for Service {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let began = Instant::now();
        let waited = self.since.map_or(Duration::ZERO, |since| began.saturating_duration_since(since));
        let Begun { mut next, behind, another } = self.kernel.crowd.begin(self.place);
        self.place = if behind { Place::Placed } else { Place::Running };
        if let Some(thread) = another {
            Self::spawn(&self.kernel, thread);
        }
        if behind {
            self.kernel.crowd.let_go(leaving(waited, false));
            return self.wait(cx);
        }
        let mut budget = BUDGET;
        while let Some((cell, action)) = next {
            let before = budget;
            host_within(&self.kernel, &mut budget, |budget| cell.run_owed(action, budget));
            // One that got its task has cost something, too.
            budget = budget.min(before - 1);
            // Rule 6.
            if budget == 0 || has_gone() || began.elapsed() >= SHORT {
                self.kernel.crowd.let_go(leaving(waited, has_gone()));
                return if self.kernel.crowd.pause() { self.wait(cx) } else { Poll::Ready(()) };
            }
            next = self.kernel.crowd.next();
        }
        Poll::Ready(())
    }
}

/// How many get tasks of their own after such a wait, or since one has `gone` that way.
fn leaving(waited: Duration, gone: bool) -> usize {
    if waited < LONG && !gone {
        return 0;
    }
    let due = usize::try_from(waited.as_micros() / EACH.as_micros()).map_or(MOST, |count| count.min(MOST));
    if gone { due.max(ALONG) } else { due }
}

impl Drop for Service {
    fn drop(&mut self) {
        if matches!(self.place, Place::Running) {
            return;
        }
        let left = {
            let mut line = self.kernel.crowd.line.lock();
            line.forget(self.place);
            // Rule 4.
            if line.waiting() == 0 { line.leave(usize::MAX) } else { Vec::new() }
        };
        for (cell, action) in left {
            cell.settle_owed(action);
        }
    }
}
