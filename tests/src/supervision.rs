//! A worker that starts, works and ends as its script says, and a log of what happened in which order.
//!
//! Lines of the log, for a child `a`: `a starts` (its start expression begins), `a up` (its start handler is done),
//! `a stops: <reason>` (its stop handler begins), `a gone` (its state is dropped).

use std::collections::VecDeque;
use std::future::Future;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError};

use airssys_rt::prelude::*;
use airssys_rt::{SupervisorBuilder, SupervisorSpec};
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

/// Longer than anything a test waits for; on a paused clock it passes at once when nothing else can happen.
const PATIENCE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long a test may take on the real clock: against loops that never let the paused one advance.
const REAL_PATIENCE: Duration = Duration::from_secs(120);

/// Runs a test's body with a deadline: a hang is a failure.
pub async fn bounded<T>(body: impl Future<Output = T>) -> T {
    let (done, watched) = std::sync::mpsc::channel::<()>();
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    std::thread::spawn(move || {
        if watched.recv_timeout(REAL_PATIENCE) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{test} hangs");
            std::process::abort();
        }
    });
    let outcome = tokio::time::timeout(PATIENCE, Box::pin(body)).await;
    drop(done);
    outcome.unwrap_or_else(|_| panic!("nothing more happens: the test hangs"))
}

/// Waits until a condition holds, without letting a paused clock advance.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let until = std::time::Instant::now() + REAL_PATIENCE / 4;
    while !holds().await {
        assert!(std::time::Instant::now() < until, "never came true: {what}");
        tokio::task::yield_now().await;
    }
}

/// Lets everything that can run without the clock run.
pub async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

/// What happened, in order, each with its moment.
#[derive(Clone)]
pub struct Log {
    inside: Arc<LogInside>,
}

struct LogInside {
    begun: Instant,
    lines: Mutex<Vec<(Duration, String)>>,
    changed: Notify,
}

impl Default for Log {
    fn default() -> Self {
        let inside = LogInside { begun: Instant::now(), lines: Mutex::default(), changed: Notify::new() };
        Self { inside: Arc::new(inside) }
    }
}

impl Log {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Duration, String)>> {
        self.inside.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn note(&self, line: impl Into<String>) {
        self.lock().push((self.inside.begun.elapsed(), line.into()));
        self.inside.changed.notify_waiters();
    }

    pub fn lines(&self) -> Vec<String> {
        self.lock().iter().map(|(_, line)| line.clone()).collect()
    }

    /// All lines so far; the log is empty afterwards.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lock()).into_iter().map(|(_, line)| line).collect()
    }

    pub fn count(&self, line: &str) -> usize {
        self.lock().iter().filter(|(_, known)| known == line).count()
    }

    /// When a line was written, each time, from the making of the log on.
    pub fn moments(&self, line: &str) -> Vec<Duration> {
        self.lock().iter().filter(|(_, known)| known == line).map(|(at, _)| *at).collect()
    }

    /// Waits for a line.
    pub async fn until(&self, line: &str) {
        self.until_count(line, 1).await;
    }

    /// Waits until a line is there so many times.
    pub async fn until_count(&self, line: &str, times: usize) {
        loop {
            let changed = self.inside.changed.notified();
            let mut changed = std::pin::pin!(changed);
            changed.as_mut().enable();
            if self.count(line) >= times {
                return;
            }
            changed.await;
        }
    }
}

/// A door that is closed until it is opened.
#[derive(Clone, Debug)]
pub struct Door(Arc<Semaphore>);

impl Default for Door {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Door {
    pub fn open(&self) {
        self.0.add_permits(1_000_000);
    }

    pub async fn pass(&self) {
        let permit = self.0.acquire().await;
        permit.expect("the door is never closed for good").forget();
    }
}

/// How one start goes.
#[derive(Clone, Debug)]
pub enum Rise {
    Fine,
    /// The start expression returns an error.
    Fails,
    Panics,
    /// The start handler returns an error, or panics.
    HandlerFails,
    HandlerPanics,
    Ignored,
    Hangs,
    Takes(Duration),
    Waits(Door),
}

/// How the stop handler goes.
#[derive(Clone, Debug)]
pub enum Fall {
    Fine,
    Fails,
    Panics,
    Hangs,
    Takes(Duration),
    Waits(Door),
}

/// What a [`Worker`] does, through all its incarnations.
#[derive(Clone)]
pub struct Script {
    inside: Arc<ScriptInside>,
}

struct ScriptInside {
    id: String,
    log: Log,
    next: Mutex<VecDeque<Rise>>,
    always: Mutex<Rise>,
    fall: Mutex<Fall>,
    on_error: Mutex<ErrorAction>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Script {
    /// How the next starts go, before [`always_rises`](Self::always_rises) says so again.
    pub fn rises(&self, next: impl IntoIterator<Item = Rise>) -> &Self {
        locked(&self.inside.next).extend(next);
        self
    }

    pub fn always_rises(&self, rise: Rise) -> &Self {
        *locked(&self.inside.always) = rise;
        self
    }

    pub fn falls(&self, fall: Fall) -> &Self {
        *locked(&self.inside.fall) = fall;
        self
    }

    pub fn on_error(&self, action: ErrorAction) -> &Self {
        *locked(&self.inside.on_error) = action;
        self
    }

    pub fn id(&self) -> &str {
        &self.inside.id
    }

    /// A permanent child of the script's id.
    pub fn spec(&self) -> ChildSpec<Worker> {
        let script = self.clone();
        ChildSpec::new(self.inside.id.as_str(), move || script.clone().build())
    }

    /// Makes a state, as the script says.
    pub async fn build(self) -> ActorResult<Worker> {
        let id = &self.inside.id;
        self.inside.log.note(format!("{id} starts"));
        let next = locked(&self.inside.next).pop_front();
        let rise = next.unwrap_or_else(|| locked(&self.inside.always).clone());
        match &rise {
            Rise::Fine | Rise::HandlerFails | Rise::HandlerPanics => {}
            Rise::Fails => return Err(ActorError::msg(format!("{id} has no luck"))),
            Rise::Panics => panic!("{id} panics at its start"),
            Rise::Ignored => return Err(ActorError::ignore()),
            Rise::Hangs => std::future::pending().await,
            Rise::Takes(time) => tokio::time::sleep(*time).await,
            Rise::Waits(door) => door.pass().await,
        }
        Ok(Worker { script: self.clone(), rise, value: 0 })
    }
}

/// A child that does as its script says.
#[actor]
pub struct Worker {
    script: Script,
    rise: Rise,
    value: i64,
}

impl Worker {
    fn note(&self, what: &str) {
        self.script.inside.log.note(format!("{} {what}", self.script.inside.id));
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.note("gone");
    }
}

#[handlers]
impl Worker {
    #[handler(start)]
    async fn started(&mut self) -> ActorResult<()> {
        match self.rise {
            Rise::HandlerFails => return Err(ActorError::msg("the start handler has no luck")),
            Rise::HandlerPanics => panic!("the start handler panics"),
            _ => self.note("up"),
        }
        Ok(())
    }

    #[handler(stop)]
    async fn stopping(&mut self, reason: ExitReason) -> ActorResult<()> {
        self.note(&format!("stops: {reason}"));
        let fall = locked(&self.script.inside.fall).clone();
        match fall {
            Fall::Fine => {}
            Fall::Fails => return Err(ActorError::msg("the stop handler has no luck")),
            Fall::Panics => panic!("the stop handler panics"),
            Fall::Hangs => std::future::pending().await,
            Fall::Takes(time) => tokio::time::sleep(time).await,
            Fall::Waits(door) => door.pass().await,
        }
        Ok(())
    }

    #[handler(error)]
    fn failed(&mut self, _error: &ActorError) -> ErrorAction {
        *locked(&self.script.inside.on_error)
    }

    /// Counts: state that a restart must not keep.
    #[handler]
    pub fn bump(&mut self) -> i64 {
        self.value += 1;
        self.value
    }

    #[handler]
    pub fn crash(&mut self) {
        panic!("crash");
    }

    #[handler]
    pub fn go_wrong(&mut self) -> ActorResult<()> {
        Err(ActorError::msg("gone wrong"))
    }

    /// Ends normally.
    #[handler]
    pub fn finish(&mut self, ctx: &mut Context<Self>) {
        ctx.stop();
    }

    /// Ends in an orderly way with a word about why.
    #[handler]
    pub fn finish_with(&mut self, detail: String, ctx: &mut Context<Self>) {
        ctx.shutdown_with(detail);
    }

    /// Waits for ever; ends at a kill alone.
    #[handler]
    pub async fn hang(&mut self) {
        self.note("hangs");
        std::future::pending::<()>().await;
    }

    /// Does not yield until the sender is dropped.
    #[handler]
    pub async fn block(&mut self, released: std::sync::mpsc::Receiver<()>) {
        self.note("blocks");
        let _ = released.recv();
    }
}

/// Everything one test needs.
pub struct Stage {
    pub system: System,
    pub log: Log,
}

impl Default for Stage {
    fn default() -> Self {
        Self::new()
    }
}

impl Stage {
    pub fn new() -> Self {
        Self { system: System::new("stage"), log: Log::default() }
    }

    pub fn script(&self, id: &str) -> Script {
        Script {
            inside: Arc::new(ScriptInside {
                id: id.to_owned(),
                log: self.log.clone(),
                next: Mutex::default(),
                always: Mutex::new(Rise::Fine),
                fall: Mutex::new(Fall::Fine),
                on_error: Mutex::new(ErrorAction::Restart),
            }),
        }
    }

    pub fn scripts<const N: usize>(&self, ids: [&str; N]) -> [Script; N] {
        ids.map(|id| self.script(id))
    }

    /// Starts a supervisor that has to come up; the log is empty afterwards.
    pub async fn supervise(&self, builder: SupervisorBuilder) -> Supervised<()> {
        let supervisor = self.system.start(builder).await.expect("the supervisor starts");
        self.log.take();
        supervisor
    }

    /// The ids of those whose state was dropped, in order.
    pub fn gone(&self) -> Vec<String> {
        let lines = self.log.lines();
        lines.iter().filter_map(|line| line.strip_suffix(" gone").map(str::to_owned)).collect()
    }

    /// Nothing runs, is registered or due, and every accepted message is accounted for.
    #[track_caller]
    pub fn assert_nothing_left(&self) {
        let left = self.system.processes();
        assert!(left.is_empty(), "left running: {left:?}");
        let counters = self.system.counters();
        assert_eq!((counters.processes, counters.names, counters.queued, counters.timers), (0, 0, 0, 0));
        let accounted = counters.handled + counters.dead_lettered + counters.lost_in_hand + counters.queued;
        assert_eq!(counters.accepted, accounted, "{counters:?}");
    }
}

/// A supervisor with these children, in this order.
pub fn with<const N: usize>(builder: SupervisorBuilder, scripts: &[Script; N]) -> SupervisorBuilder {
    scripts.iter().fold(builder, |builder, script| builder.child(script.spec()))
}

/// A supervisor's spec, to be put below another one.
pub fn spec_of(builder: SupervisorBuilder) -> SupervisorSpec<()> {
    builder.plan(|_| async { Ok(()) })
}

/// The child of an id.
pub async fn worker<S>(supervisor: &Supervised<S>, id: &str) -> ActorRef<Worker> {
    supervisor.child(id).await.unwrap_or_else(|| panic!("no child `{id}`"))
}

/// Crashes a worker and waits for its asker's error.
pub async fn crash(worker: &ActorRef<Worker>) {
    let outcome = worker.crash().await;
    assert!(matches!(outcome, Err(AskError::Crashed { reason: ExitReason::Panicked { .. } })), "{outcome:?}");
}

/// Crashes a worker and waits until an incarnation after it is there.
pub async fn crash_and_wait(worker: &ActorRef<Worker>) {
    let before = worker.process().incarnation();
    crash(worker).await;
    let process = worker.process();
    eventually("the next incarnation", async || {
        process.incarnation() > before && process.status() == ProcessStatus::Waiting
    })
    .await;
}

/// The children of a supervisor: their ids and where they stand.
pub async fn rows<S>(supervisor: &Supervised<S>) -> Vec<(String, ChildStatus)> {
    let rows = supervisor.children().await.expect("the supervisor runs");
    rows.into_iter().map(|row| (row.id.to_string(), row.status)).collect()
}

/// Where one child stands; `None` when the supervisor does not know it.
pub async fn status<S>(supervisor: &Supervised<S>, id: &str) -> Option<ChildStatus> {
    rows(supervisor).await.into_iter().find(|(known, _)| known == id).map(|(_, status)| status)
}

/// Waits until a child stands where it is expected to.
pub async fn until_status<S>(supervisor: &Supervised<S>, id: &str, wanted: Option<ChildStatus>) {
    eventually(&format!("{id} is {wanted:?}"), async || status(supervisor, id).await == wanted).await;
}

/// The texts of an array, to compare with what the log gives.
pub fn texts<const N: usize>(lines: [&str; N]) -> Vec<String> {
    lines.map(str::to_owned).to_vec()
}
