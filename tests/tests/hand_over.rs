//! What one actor's turn tells another that is idle is carried there past the mailbox, and nobody can tell, but by speed.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use airssys_rt::prelude::*;
use airssys_rt::{Actor, ExitReason, TrySendError};
use tests::actors::{Gate, Log, at_rest, eventually, nothing_left, settle, within};

#[actor(mailbox(capacity = 4, backpressure = "block"))]
struct Receiver {
    log: Log,
}

#[handlers]
impl Receiver {
    #[handler]
    fn note(&mut self, number: u32) {
        self.log.add(number);
    }

    #[handler]
    async fn note_later(&mut self, number: u32) {
        tokio::task::yield_now().await;
        self.log.add(number);
    }

    #[handler]
    fn note_and_follow(&mut self, number: u32, ctx: &mut Context<Self>) {
        self.log.add(number);
        ctx.continue_with(ReceiverMessage::Note { number: number + 1 });
    }

    #[handler]
    fn fail(&mut self) -> ActorResult<()> {
        Err(ActorError::msg("no"))
    }

    #[handler]
    fn boom(&mut self) {
        std::panic::resume_unwind(Box::new("boom"));
    }

    #[handler]
    fn end(&mut self, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

/// What a turn is to do.
type Deed = Box<dyn FnOnce(&mut Context<Sender>) + Send>;

#[actor]
struct Sender;

#[handlers]
impl Sender {
    /// Told, it runs in a task of the system's own, which carries what it tells.
    #[handler]
    fn act(&mut self, deed: Deed, ctx: &mut Context<Self>) {
        deed(ctx);
    }

    #[handler]
    async fn tell_and_ask(&mut self, to: ActorRef<Receiver>, told: u32) -> ActorResult<()> {
        to.note(told).tell().await.map_err(|_| ActorError::msg("not told"))?;
        Ok(to.note_later(told + 1).await?)
    }
}

/// A receiver in a system of its own.
fn receiver() -> (System, Log, ActorRef<Receiver>) {
    let (system, log) = (System::new("hand-over"), Log::new());
    let to = system.spawn(Receiver { log: log.clone() });
    (system, log, to)
}

/// Runs a deed as an actor's turn, told.
fn do_in_a_turn(system: &System, deed: impl FnOnce(&mut Context<Sender>) + Send + 'static) {
    system.spawn(Sender).act(Box::new(deed)).try_tell().unwrap();
}

#[tokio::test]
async fn c084_what_a_turn_tells_somebody_comes_in_order_whether_carried_or_queued() {
    within(async {
        let (system, log, to) = receiver();
        for round in 0..3 {
            let (receiver, first) = (to.clone(), round * 10);
            do_in_a_turn(&system, move |_| {
                receiver.note(first).try_tell().unwrap();
                receiver.note_later(first + 1).try_tell().unwrap();
                receiver.note_and_follow(first + 2).try_tell().unwrap();
                receiver.note(first + 4).try_tell().unwrap();
            });
            eventually("all have come", || log.len() == (round as usize + 1) * 5).await;
        }
        let all = (0..3).flat_map(|round| (0..5).map(move |number| (round * 10 + number).to_string()));
        assert_eq!(log.lines(), all.collect::<Vec<_>>());
        drop(to);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test]
async fn c084_what_a_handler_tells_somebody_comes_before_what_it_asks_the_same_one() {
    within(async {
        let (system, log, to) = receiver();
        let sender = system.spawn(Sender);
        for round in 0..50 {
            sender.tell_and_ask(to.clone(), round * 2).tell().await.unwrap();
        }
        eventually("all have come", || log.len() == 100).await;
        assert_eq!(log.lines(), (0..100).map(|number: u32| number.to_string()).collect::<Vec<_>>());
        drop((sender, to));
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test]
async fn c085_a_carried_message_takes_room_in_the_mailbox() {
    within(async {
        let (system, log, to) = receiver();
        let seen = Arc::new(AtomicU32::new(0));
        let (receiver, found) = (to.clone(), seen.clone());
        do_in_a_turn(&system, move |ctx| {
            for number in 0..4 {
                receiver.note(number).try_tell().unwrap();
            }
            assert!(matches!(receiver.note(4).try_tell(), Err(TrySendError::Full(_))));
            let info = ctx.system().process(receiver.pid()).unwrap();
            found.store(info.mailbox_len() as u32, Ordering::SeqCst);
        });
        eventually("all have come", || log.len() == 4).await;
        assert_eq!(seen.load(Ordering::SeqCst), 4);
        assert_eq!(log.lines(), ["0", "1", "2", "3"]);
    })
    .await;
}

#[tokio::test]
async fn c093_a_carried_message_is_accepted_and_queued_until_it_is_handled() {
    within(async {
        let (system, log, to) = receiver();
        let counted = Log::new();
        let (receiver, found) = (to.clone(), counted.clone());
        do_in_a_turn(&system, move |ctx| {
            let before = ctx.system().counters();
            receiver.note(1).try_tell().unwrap();
            let after = ctx.system().counters();
            found.add(format!(
                "accepted {}, handled {}, queued {}",
                after.accepted - before.accepted,
                after.handled - before.handled,
                after.queued - before.queued,
            ));
        });
        eventually("it has come", || log.len() == 1).await;
        assert_eq!(counted.lines(), ["accepted 1, handled 0, queued 1"]);
        let counters = at_rest(&system).await;
        assert_eq!((counters.accepted, counters.handled), (2, 2));
    })
    .await;
}

#[tokio::test]
async fn c050_who_is_stopped_by_the_turn_that_has_told_it_handles_nothing_more() {
    within(async {
        for kills in [false, true] {
            let (system, log, to) = receiver();
            let end = to.monitor();
            let receiver = to.clone();
            do_in_a_turn(&system, move |_| {
                receiver.note(1).try_tell().unwrap();
                // Asked for at once; the wait for its end is dropped.
                if kills { drop(receiver.kill()) } else { drop(receiver.stop()) }
            });
            let reason = end.await.reason;
            assert_eq!(reason, if kills { ExitReason::Killed } else { ExitReason::Shutdown });
            assert!(log.is_empty(), "{:?}", log.lines());
            let counters = at_rest(&system).await;
            assert_eq!(counters.dead_lettered, 1);
        }
    })
    .await;
}

#[tokio::test]
async fn c075_a_carried_message_that_panics_or_fails_ends_its_actor_alone() {
    within(async {
        let system = System::new("hand-over");
        let log = Log::new();
        let (first, second, third) = (
            system.spawn(Receiver { log: log.clone() }),
            system.spawn(Receiver { log: log.clone() }),
            system.spawn(Receiver { log: log.clone() }),
        );
        let (panicked, failed) = (first.monitor(), second.monitor());
        let (boom, fail, note) = (first.clone(), second.clone(), third.clone());
        do_in_a_turn(&system, move |_| {
            boom.boom().try_tell().unwrap();
            boom.note(0).try_tell().unwrap();
            fail.fail().try_tell().unwrap();
            note.note(1).try_tell().unwrap();
        });
        assert!(matches!(panicked.await.reason, ExitReason::Panicked { .. }));
        assert!(matches!(failed.await.reason, ExitReason::Failed { .. }));
        eventually("it has come", || log.len() == 1).await;
        assert_eq!(log.lines(), ["1"]);
        let counters = at_rest(&system).await;
        assert_eq!((counters.lost_in_hand, counters.dead_lettered), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn c018_the_next_incarnation_goes_on_with_what_came_after_a_carried_panic() {
    within(async {
        let system = System::new("hand-over");
        let log = Log::new();
        let start = log.clone();
        let spec = Supervisor::builder().child(ChildSpec::new("receiver", move || {
            std::future::ready(Ok(Receiver { log: start.clone() }))
        }));
        let supervisor = system.start(spec).await.unwrap();
        let to: ActorRef<Receiver> = supervisor.child("receiver").await.unwrap();
        let receiver = to.clone();
        do_in_a_turn(&system, move |_| {
            receiver.boom().try_tell().unwrap();
            receiver.note(1).try_tell().unwrap();
            receiver.note(2).try_tell().unwrap();
        });
        eventually("both have come", || log.len() == 2).await;
        assert_eq!(log.lines(), ["1", "2"]);
        assert_eq!(at_rest(&system).await.lost_in_hand, 1);
    })
    .await;
}

#[tokio::test]
async fn c050_a_carried_message_may_be_the_last() {
    within(async {
        let (system, log, to) = receiver();
        let end = to.monitor();
        let receiver = to.clone();
        do_in_a_turn(&system, move |_| {
            receiver.end().try_tell().unwrap();
            receiver.note(1).try_tell().unwrap();
        });
        assert_eq!(end.await.reason, ExitReason::Normal);
        assert!(log.is_empty());
        assert_eq!(at_rest(&system).await.dead_lettered, 1);
    })
    .await;
}

#[actor]
struct Leaf {
    log: Log,
}

#[handlers]
impl Leaf {
    /// The last reference to itself goes with the message.
    #[handler]
    fn last(&mut self, this: ActorRef<Leaf>) {
        self.log.add("handled");
        drop(this);
    }

    #[handler(stop)]
    fn stop(&mut self) {
        self.log.add("stopped");
    }
}

#[actor]
struct Bare {
    ended: Arc<AtomicU32>,
}

#[handlers]
impl Bare {
    #[handler]
    fn last(&mut self, this: ActorRef<Bare>) {
        drop(this);
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.ended.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c093_who_loses_its_last_reference_with_a_carried_message_ends_in_order() {
    within(async {
        let system = System::new("hand-over");
        let log = Log::new();
        let ended = Arc::new(AtomicU32::new(0));
        let (leaves, bare) = (log.clone(), ended.clone());
        do_in_a_turn(&system, move |ctx| {
            for _ in 0..20 {
                let leaf = ctx.system().spawn(Leaf { log: leaves.clone() });
                leaf.last(leaf.clone()).try_tell().unwrap();
                let one = ctx.system().spawn(Bare { ended: bare.clone() });
                one.last(one.clone()).try_tell().unwrap();
            }
        });
        eventually("all have ended", || log.len() == 40 && ended.load(Ordering::SeqCst) == 20).await;
        assert_eq!(log.lines().iter().filter(|line| *line == "stopped").count(), 20);
        let counters = nothing_left(&system).await;
        assert_eq!((counters.dead_lettered, counters.lost_in_hand), (0, 0));
    })
    .await;
}

#[actor]
struct Hopper {
    next: Option<ActorRef<Hopper>>,
    hops: Arc<AtomicU64>,
}

#[handlers]
impl Hopper {
    #[handler]
    fn meet(&mut self, next: ActorRef<Hopper>) {
        self.next = Some(next);
    }

    #[handler]
    fn hop(&mut self, left: u64) {
        self.hops.fetch_add(1, Ordering::SeqCst);
        if let Some(next) = &self.next
            && left > 0
        {
            next.hop(left - 1).try_tell().unwrap();
        }
    }

    #[handler]
    async fn hop_later(&mut self, left: u64) {
        self.hops.fetch_add(1, Ordering::SeqCst);
        if let Some(next) = &self.next
            && left > 0
        {
            next.hop_later(left - 1).try_tell().unwrap();
        }
    }
}

async fn pair(system: &System, hops: &Arc<AtomicU64>) -> ActorRef<Hopper> {
    let first = system.spawn(Hopper { next: None, hops: hops.clone() });
    let second = system.spawn(Hopper { next: Some(first.clone()), hops: hops.clone() });
    first.meet(second).await.unwrap();
    first
}

#[tokio::test]
async fn c125_two_that_tell_each_other_for_ever_leave_other_tasks_their_turn() {
    leave_others_their_turn(|first| first.hop(u64::MAX).try_tell().unwrap()).await;
}

#[tokio::test]
async fn c125_async_handlers_that_tell_each_other_for_ever_leave_other_tasks_their_turn() {
    leave_others_their_turn(|first| first.hop_later(u64::MAX).try_tell().unwrap()).await;
}

async fn leave_others_their_turn(begin: impl FnOnce(ActorRef<Hopper>)) {
    within(async {
        let system = System::new("hand-over");
        let hops = Arc::default();
        begin(pair(&system, &hops).await);
        // On one thread: this goes on only if they give way, and they only if this does.
        for _ in 0..50 {
            let before = hops.load(Ordering::SeqCst);
            while hops.load(Ordering::SeqCst) == before {
                tokio::task::yield_now().await;
            }
            let handled = hops.load(Ordering::SeqCst) - before;
            // This is polled once in 61 tasks, of which each handles 2,048 at most.
            assert!(handled < 150_000, "{handled} in one turn of the runtime");
        }
    })
    .await;
}

/// More than the counter of carried messages holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c093_two_hundred_thousand_carried_messages_are_counted() {
    within(async {
        let system = System::new("hand-over");
        let hops = Arc::default();
        let first = pair(&system, &hops).await;
        first.hop(199_999).tell().await.unwrap();
        eventually("all have come", || hops.load(Ordering::SeqCst) == 200_000).await;
        let counters = at_rest(&system).await;
        // One more is the message by which they met.
        assert_eq!((counters.accepted, counters.handled), (200_001, 200_001));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c084_a_thousand_messages_between_a_hundred_actors_come_once_each() {
    within(async {
        const ACTORS: usize = 100;
        let seed = 0x9E37_79B9_7F4A_7C15_u64;
        println!("seed {seed}");
        let system = System::new("hand-over");
        let hops = Arc::default();
        let all: Vec<_> =
            (0..ACTORS).map(|_| system.spawn(Hopper { next: None, hops: Arc::clone(&hops) })).collect();
        let mut state = seed;
        for one in &all {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            one.meet(all[(state % ACTORS as u64) as usize].clone()).await.unwrap();
        }
        for token in 0..1_000 {
            all[token % ACTORS].hop(99).tell().await.unwrap();
            // Outsiders come between: who asks, and who stops for nothing.
            if token % 7 == 0 {
                all[token % ACTORS].meet(all[(token * 31) % ACTORS].clone()).await.unwrap();
            }
        }
        eventually("all have come", || hops.load(Ordering::SeqCst) == 100_000).await;
        settle().await;
        assert_eq!(hops.load(Ordering::SeqCst), 100_000);
        at_rest(&system).await;
    })
    .await;
}

#[actor]
struct Busy {
    runs: Arc<AtomicU32>,
    most: Arc<AtomicU32>,
    done: Arc<AtomicU32>,
}

#[handlers]
impl Busy {
    /// Waits until another one runs at the same time, or for long.
    #[handler]
    fn meet_another(&mut self) {
        let running = self.runs.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        let began = std::time::Instant::now();
        while self.most.load(Ordering::SeqCst) < 2 && began.elapsed() < Duration::from_secs(10) {
            std::hint::spin_loop();
        }
        self.runs.fetch_sub(1, Ordering::SeqCst);
        self.done.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c082_those_of_whom_nothing_is_known_run_at_the_same_time() {
    within(async {
        let system = System::new("hand-over");
        let (runs, most, done) = (Arc::default(), Arc::default(), Arc::default());
        let workers: Vec<_> = (0..4)
            .map(|_| {
                system.spawn(Busy {
                    runs: Arc::clone(&runs),
                    most: Arc::clone(&most),
                    done: Arc::clone(&done),
                })
            })
            .collect();
        do_in_a_turn(&system, move |_| {
            for worker in &workers {
                worker.meet_another().try_tell().unwrap();
            }
        });
        eventually("all are done", || done.load(Ordering::SeqCst) == 4).await;
        assert!(most.load(Ordering::SeqCst) >= 2, "one after the other");
    })
    .await;
}

/// A message that promises to be plain and is not.
struct Liar {
    log: Log,
}

impl Actor for Liar {
    type Message = u32;

    async fn handle(&mut self, number: u32, _: &mut Context<Self>) -> ActorResult<()> {
        self.log.add(number);
        Ok(())
    }

    fn is_plain(_: &u32) -> bool {
        true
    }
}

#[tokio::test]
async fn c082_a_carried_message_whose_handler_is_not_plain_after_all_goes_the_long_way() {
    within(async {
        let system = System::new("hand-over");
        let log = Log::new();
        let to = system.spawn(Liar { log: log.clone() });
        let receiver = to.clone();
        do_in_a_turn(&system, move |_| {
            receiver.try_tell(1).unwrap();
            receiver.try_tell(2).unwrap();
        });
        eventually("both have come", || log.len() == 2).await;
        assert_eq!(log.lines(), ["1", "2"]);
        let counters = at_rest(&system).await;
        assert_eq!((counters.accepted, counters.handled), (3, 3));
    })
    .await;
}

/// Something that a handler waits for and blocks its thread; long gone, it goes on.
type Block = mpsc::Receiver<()>;

#[actor]
struct Blocker {
    log: Log,
}

#[handlers]
impl Blocker {
    #[handler]
    fn note(&mut self, number: u32) -> u32 {
        self.log.add(number);
        number
    }

    #[handler]
    fn wait(&mut self, block: Block) {
        let _ = block.recv_timeout(Duration::from_secs(20));
        self.log.add("released");
    }

    /// Tells and asks somebody.
    #[handler]
    async fn relay(&mut self, to: ActorRef<Blocker>) -> Result<u32, AskError> {
        let _ = to.note(1).try_tell();
        to.note(2).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn c053_who_is_told_by_a_turn_waits_for_nobody_else_whose_handler_blocks() {
    within(async {
        let system = System::new("hand-over");
        let log = Log::new();
        let all: Vec<_> = (0..4).map(|_| system.spawn(Blocker { log: log.clone() })).collect();
        let (release, block) = mpsc::channel();
        let (first, blocker) = (all[0].clone(), all[1].clone());
        do_in_a_turn(&system, move |_| {
            first.note(1).try_tell().unwrap();
            blocker.wait(block).try_tell().unwrap();
        });
        eventually("the first has come", || log.len() == 1).await;
        let (second, third) = (all[2].clone(), all[3].clone());
        do_in_a_turn(&system, move |_| {
            second.note(2).try_tell().unwrap();
            third.note(3).try_tell().unwrap();
        });
        eventually("the others have come", || log.len() == 3).await;
        release.send(()).unwrap();
        eventually("it is released", || log.len() == 4).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c099_who_asks_whom_it_has_just_told_on_a_thread_that_blocks_is_answered() {
    within(async {
        let system = System::new("hand-over");
        let log = Log::new();
        let (one, other) =
            (system.spawn(Blocker { log: log.clone() }), system.spawn(Blocker { log: log.clone() }));
        let (told, outcome) = mpsc::channel();
        do_in_a_turn(&system, move |_| {
            let again = one.clone();
            one.note(1).try_tell().unwrap();
            let by_hand = tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(async move { again.note(2).await })
            });
            told.send(by_hand).unwrap();
            let relayed = tokio::task::block_in_place(|| other.relay(one).blocking_ask());
            told.send(relayed.and_then(|answer| answer)).unwrap();
        });
        let outcomes = tokio::task::spawn_blocking(move || outcome.iter().collect::<Vec<_>>()).await.unwrap();
        assert_eq!(outcomes, [Ok(2), Ok(2)]);
        assert_eq!(log.lines(), ["1", "2", "1", "2"]);
    })
    .await;
}

/// Tells when its thread ends.
struct Farewell(ActorRef<Blocker>);

impl Drop for Farewell {
    fn drop(&mut self) {
        let _ = self.0.note(2).try_tell();
    }
}

#[tokio::test]
async fn c084_a_tell_by_a_thread_that_ends_is_a_tell() {
    thread_local! {
        static FAREWELL: RefCell<Option<Farewell>> = const { RefCell::new(None) };
    }
    within(async {
        let system = System::new("hand-over");
        let log = Log::new();
        let to = system.spawn(Blocker { log: log.clone() });
        let sender = to.clone();
        std::thread::spawn(move || {
            FAREWELL.set(Some(Farewell(sender.clone())));
            sender.note(1).try_tell().unwrap();
        })
        .join()
        .unwrap();
        eventually("both have come", || log.len() == 2).await;
        assert_eq!(log.lines(), ["1", "2"]);
    })
    .await;
}

#[actor(mailbox(capacity = 2, backpressure = "block"))]
struct Narrow {
    log: Log,
}

#[handlers]
impl Narrow {
    #[handler]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    #[handler]
    fn note(&mut self, number: u32) {
        self.log.add(number);
    }

    #[handler]
    fn tell_oneself(&mut self, number: u32, ctx: &mut Context<Self>) {
        let told = ctx.this().note(number).try_tell();
        self.log.add(if told.is_ok() { "told" } else { "full" });
    }
}

#[tokio::test]
async fn c085_room_that_a_run_has_made_is_there_for_who_waits_and_who_comes() {
    within(async {
        let system = System::new("hand-over");
        let log = Log::new();
        let to = system.spawn(Narrow { log: log.clone() });
        let gate = Gate::new();
        to.hold(gate.clone()).tell().await.unwrap();
        gate.reached().await;
        to.note(1).try_tell().unwrap();
        to.tell_oneself(4).try_tell().unwrap();
        let waits = tokio::spawn(to.note(3).owned().tell());
        settle().await;
        gate.open();
        waits.await.unwrap().unwrap();
        eventually("all have come", || log.len() == 4).await;
        assert_eq!(log.lines(), ["1", "told", "3", "4"]);
    })
    .await;
}

#[test]
fn c093_a_runtime_that_goes_while_a_message_is_carried_counts_it_once() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let log = Log::new();
    let (never, block) = mpsc::channel::<()>();
    let (system, to) = runtime.block_on(within(async {
        let system = System::new("hand-over");
        let to = system.spawn(Blocker { log: log.clone() });
        // Told often enough from outside, it keeps its task.
        for number in 1..=8 {
            to.note(number).tell().await.unwrap();
            eventually("it has come", || log.len() == number as usize).await;
            settle().await;
        }
        let (told, has_told) = mpsc::channel();
        let receiver = to.clone();
        do_in_a_turn(&system, move |_| {
            receiver.note(100).try_tell().unwrap();
            told.send(()).unwrap();
            // The runtime goes meanwhile: its other worker drops the task that the receiver keeps.
            let _ = block.recv_timeout(Duration::from_millis(300));
        });
        tokio::task::spawn_blocking(move || has_told.recv()).await.unwrap().unwrap();
        (system, to)
    }));
    runtime.shutdown_timeout(Duration::from_secs(20));
    drop(never);
    let counters = system.counters();
    assert!(counters.accepted <= 10, "{counters:?}");
    assert!(!to.process().is_alive());
}
