//! A job queue with retries: workers fail, panic and hang, and no job is lost.
//!
//! ```text
//! JobService         rest_for_one
//! ├─ statistics      counts the events that the queue publishes
//! ├─ queue           knows every job: waiting, in hand, to be tried again, done or dead
//! └─ workers[0..2]   each incarnation reports to the queue, which asks it to run one job at a time
//! ```
//!
//! No crash of a worker loses a job. The queue keeps the jobs in memory, so a crash of the queue itself would lose
//! them; `bank.rs` shows a journal.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::error::Error;

use airssys_rt::prelude::*;

const WORKERS: usize = 3;
const ATTEMPTS: u32 = 3;
const FIRST_DELAY: Duration = Duration::from_millis(5);
const TIME_LIMIT: Duration = Duration::from_millis(30);

type JobId = u64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Priority {
    Low,
    Normal,
    High,
}

/// What goes wrong with a job.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Error,
    Panic,
    Hang,
}

/// A job for testing: it takes `millis`, and its first `faults` attempts go wrong.
#[derive(Clone, Debug)]
struct Job {
    id: JobId,
    priority: Priority,
    millis: u64,
    fault: Fault,
    faults: u32,
    /// The number of the attempt, from 1 on.
    attempt: u32,
}

impl Job {
    fn good(id: JobId, priority: Priority) -> Self {
        Self { id, priority, millis: 2, fault: Fault::Error, faults: 0, attempt: 1 }
    }

    fn faulty(id: JobId, fault: Fault, faults: u32) -> Self {
        Self { fault, faults, ..Self::good(id, Priority::Normal) }
    }
}

/// A job that went wrong as often as it may.
#[derive(Clone, Debug)]
struct Dead {
    id: JobId,
    last: String,
}

/// What becomes of the jobs, for whoever is interested.
#[derive(Clone, Debug)]
enum Progress {
    Started { id: JobId },
    Done,
    Retry { delay: Duration },
    Died,
}

// ---- the statistics ----

#[derive(Clone, Debug, Default)]
struct Totals {
    started: Vec<JobId>,
    done: usize,
    retries: usize,
    longest_delay: Duration,
    died: usize,
}

#[actor]
#[derive(Default)]
struct Statistics {
    totals: Totals,
}

#[handlers]
impl Statistics {
    #[handler(event)]
    fn progress(&mut self, event: Progress) {
        match event {
            Progress::Started { id } => self.totals.started.push(id),
            Progress::Done => self.totals.done += 1,
            Progress::Retry { delay } => {
                self.totals.retries += 1;
                self.totals.longest_delay = self.totals.longest_delay.max(delay);
            }
            Progress::Died => self.totals.died += 1,
        }
    }

    #[handler]
    fn totals(&self) -> Totals {
        self.totals.clone()
    }
}

// ---- the worker ----

#[actor]
struct Worker {
    queue: ActorRef<Queue>,
}

#[handlers]
impl Worker {
    /// Each incarnation says once that it is free; the queue does the rest.
    #[handler(start)]
    async fn report(&mut self, ctx: &mut Context<Self>) -> ActorResult<()> {
        self.queue.free(ctx.this()).tell().await?;
        Ok(())
    }

    /// An error is an answer: the worker is in order and goes on.
    #[handler]
    async fn run(&mut self, job: Job) -> Result<(), String> {
        tokio::time::sleep(Duration::from_millis(job.millis)).await;
        if job.attempt > job.faults {
            return Ok(());
        }
        match job.fault {
            Fault::Error => Err("no such file".to_owned()),
            Fault::Panic => panic!("job {} panics", job.id),
            Fault::Hang => std::future::pending().await,
        }
    }
}

// ---- the queue ----

/// What is left when the queue is closed.
#[derive(Clone, Debug, Default)]
struct Left {
    waiting: Vec<JobId>,
    delayed: Vec<JobId>,
    dead: Vec<Dead>,
}

/// The answer of a worker, or the reason why there is none.
struct Finished {
    job: Job,
    worker: ActorRef<Worker>,
    result: Result<Result<(), String>, AskError>,
}

#[actor(mailbox(capacity = 8, backpressure = "block"))]
#[derive(Default)]
struct Queue {
    waiting: BinaryHeap<(Priority, Reverse<JobId>)>,
    jobs: HashMap<JobId, Job>,
    delayed: BTreeMap<JobId, Job>,
    in_hand: usize,
    free: VecDeque<ActorRef<Worker>>,
    dead: Vec<Dead>,
    closed: bool,
    settling: Vec<ReplyTo<usize>>,
    closing: Option<ReplyTo<Left>>,
}

#[handlers]
impl Queue {
    #[handler]
    fn submit(&mut self, job: Job, ctx: &mut Context<Self>) -> bool {
        if self.closed {
            return false;
        }
        self.enqueue(job);
        self.dispatch(ctx);
        true
    }

    /// A worker has started. If it ended while it was free, its reference is in the list still.
    #[handler]
    fn free(&mut self, worker: ActorRef<Worker>, ctx: &mut Context<Self>) {
        if !self.free.contains(&worker) {
            self.free.push_back(worker);
        }
        self.dispatch(ctx);
    }

    #[handler(message)]
    fn finished(&mut self, finished: Finished, ctx: &mut Context<Self>) {
        let Finished { job, worker, result } = finished;
        self.in_hand -= 1;
        match result {
            Ok(answer) => {
                self.free.push_back(worker);
                match answer {
                    Ok(()) => {
                        ctx.publish(Progress::Done);
                    }
                    Err(error) => self.failed(job, error, ctx),
                }
            }
            Err(error) => {
                if matches!(error, AskError::Timeout { .. }) {
                    // It hangs. Its next incarnation reports.
                    ctx.spawn(async move {
                        let _ = worker.kill().await;
                    });
                }
                self.failed(job, error.to_string(), ctx);
            }
        }
        self.dispatch(ctx);
    }

    #[handler]
    fn due(&mut self, id: JobId, ctx: &mut Context<Self>) {
        if !self.closed
            && let Some(job) = self.delayed.remove(&id)
        {
            self.enqueue(job);
            self.dispatch(ctx);
        }
    }

    /// Answers how many jobs have died, as soon as there is nothing to do.
    #[handler]
    fn settled(&mut self, reply: ReplyTo<usize>) {
        self.settling.push(reply);
        self.answer();
    }

    /// Takes and begins nothing more, and answers what is left when the jobs in hand are finished.
    #[handler]
    fn close(&mut self, reply: ReplyTo<Left>) {
        self.closed = true;
        self.closing = Some(reply);
        self.answer();
    }

    #[handler]
    fn dead(&self) -> Vec<Dead> {
        self.dead.clone()
    }

    fn enqueue(&mut self, job: Job) {
        self.waiting.push((job.priority, Reverse(job.id)));
        self.jobs.insert(job.id, job);
    }

    fn dispatch(&mut self, ctx: &mut Context<Self>) {
        while !self.closed && !self.free.is_empty() && !self.waiting.is_empty() {
            let (Some(worker), Some((_, Reverse(id)))) = (self.free.pop_front(), self.waiting.pop()) else {
                break;
            };
            let Some(job) = self.jobs.remove(&id) else { continue };
            self.in_hand += 1;
            ctx.publish(Progress::Started { id });
            let run = worker.run(job.clone()).timeout(TIME_LIMIT).owned().ask();
            ctx.pipe(run, |result| Finished { job, worker, result });
        }
        self.answer();
    }

    fn failed(&mut self, mut job: Job, error: String, ctx: &mut Context<Self>) {
        if job.attempt == ATTEMPTS {
            self.dead.push(Dead { id: job.id, last: error });
            ctx.publish(Progress::Died);
            return;
        }
        let delay = FIRST_DELAY * 2_u32.pow(job.attempt - 1);
        ctx.publish(Progress::Retry { delay });
        ctx.after(delay, QueueMessage::Due { id: job.id });
        job.attempt += 1;
        self.delayed.insert(job.id, job);
    }

    fn answer(&mut self) {
        if self.in_hand > 0 {
            return;
        }
        if self.waiting.is_empty() && self.delayed.is_empty() {
            for reply in self.settling.drain(..) {
                reply.send(self.dead.len());
            }
        }
        if let Some(reply) = self.closing.take() {
            reply.send(Left {
                waiting: self.jobs.keys().copied().collect(),
                delayed: self.delayed.keys().copied().collect(),
                dead: self.dead.clone(),
            });
        }
    }
}

// ---- the tree ----

/// Jobs are allowed to crash their workers, so the budget is large.
#[supervisor(strategy = "rest_for_one", max_restarts = 100, within = "1s")]
struct JobService {
    #[child]
    statistics: ActorRef<Statistics>,

    #[child]
    queue: ActorRef<Queue>,

    #[child(start = Worker { queue }, count = WORKERS, shutdown = "100ms")]
    workers: Pool<Worker>,
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn Error>> {
    // The panics of the jobs are meant, and need not be printed.
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let text = info.payload().downcast_ref::<String>();
        if !text.is_some_and(|text| text.starts_with("job ")) {
            usual(info);
        }
    }));

    let system = System::new("jobs");
    let service = system.start(JobService::spec()).await?;
    let queue = &service.queue;

    // Priorities: the first three jobs keep the workers busy; of those that wait the most urgent goes first.
    for id in 1..=3 {
        assert!(queue.submit(Job::good(id, Priority::Low)).await?);
    }
    for (id, priority) in [(4, Priority::Low), (5, Priority::High), (6, Priority::Normal)] {
        assert!(queue.submit(Job::good(id, priority)).await?);
    }
    assert_eq!(queue.settled().await?, 0);
    assert_eq!(service.statistics.totals().await?.started, [1, 2, 3, 5, 6, 4]);

    // Each kind of fault, in a job whose every attempt goes wrong and in one whose last attempt goes well.
    for (id, fault) in (10..).zip([Fault::Error, Fault::Panic, Fault::Hang]) {
        queue.submit(Job::faulty(id, fault, ATTEMPTS)).tell().await?;
        queue.submit(Job::faulty(id + 10, fault, ATTEMPTS - 1)).tell().await?;
    }
    assert_eq!(queue.settled().await?, 3);
    let mut dead = queue.dead().await?;
    dead.sort_by_key(|dead| dead.id);
    for dead in &dead {
        println!("job {} is dead: {}", dead.id, dead.last);
    }
    assert_eq!(dead.iter().map(|dead| dead.id).collect::<Vec<_>>(), [10, 11, 12]);

    // A worker that is killed from outside takes no job with it.
    queue.submit(Job { millis: 20, ..Job::good(30, Priority::High) }).await?;
    for worker in service.workers.members() {
        worker.kill().await?;
    }
    assert_eq!(queue.settled().await?, 3);

    // Back-pressure: eight fit, the ninth comes back, and whoever waits gets in.
    let mut refused = Vec::new();
    for id in 100..120 {
        if let Err(TrySendError::Full(message)) = queue.submit(Job::good(id, Priority::Normal)).try_tell() {
            refused.push(message);
        }
    }
    assert_eq!(refused.len(), 20 - 8);
    let waited = refused.len();
    for message in refused {
        queue.tell(message).await?;
    }
    assert_eq!(queue.settled().await?, 3);

    // An orderly end: what is in hand is finished, the rest is reported.
    queue.submit(Job::faulty(200, Fault::Error, 1)).await?;
    tokio::time::sleep(Duration::from_millis(4)).await; // it waits for its second attempt
    for id in 201..=205 {
        queue.submit(Job::good(id, Priority::Normal)).await?;
    }
    let mut left = queue.close().await?;
    left.waiting.sort();
    assert_eq!(left.waiting, [204, 205]);
    assert_eq!(left.delayed, [200]);
    assert_eq!(left.dead.len(), 3);
    assert!(!queue.submit(Job::good(300, Priority::High)).await?, "it is closed");

    let totals = service.statistics.totals().await?;
    let submitted = 6 + 6 + 1 + 20 + 6;
    assert_eq!(totals.done + totals.died + left.waiting.len() + left.delayed.len(), submitted);
    assert_eq!(totals.started.len(), submitted - left.waiting.len() + totals.retries - left.delayed.len());
    assert_eq!(totals.retries, 6 * 2 + 1 + 1);
    assert_eq!(totals.longest_delay, FIRST_DELAY * 2);
    assert_eq!(system.events().lost(), 0);
    let restarts: u32 = service.workers.members().iter().map(|worker| worker.process().restarts()).sum();
    assert_eq!(restarts, 5 + 5 + 3, "by panics, by the time limit, and from outside");

    let report = system.shutdown().await;
    assert!(report.is_clean());
    println!(
        "{submitted} jobs: {} done, {} dead, {} left; {} attempts, {} retries, {restarts} restarts, {waited} waited",
        totals.done,
        totals.died,
        left.waiting.len() + left.delayed.len(),
        totals.started.len(),
        totals.retries,
    );
    Ok(())
}
