//! Who would have to wait for room handles what is queued instead, where nobody does and it takes no time; nobody can tell, but
//! by speed.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Instant;

use airssys_rt::ActorConfig;
use airssys_rt::prelude::*;
use futures_core::Stream;
use tests::actors::{Log, Worker, WorkerApi, at_rest, eventually, nothing_left, poll_once, within};

/// A system whose mailboxes take four messages.
fn narrow() -> System {
    System::builder().name("guests").mailbox(ActorConfig::DEFAULT.capacity(4)).build().unwrap()
}

/// Whether nobody else ran on this thread while `tell` waited.
async fn alone<T>(tell: impl Future<Output = T>) -> (T, bool) {
    let others = Arc::new(AtomicBool::new(false));
    let seen = others.clone();
    // Its turn comes as soon as this task gives way.
    let other = tokio::spawn(async move { seen.store(true, Ordering::SeqCst) });
    let told = tell.await;
    let alone = !others.load(Ordering::SeqCst);
    other.await.unwrap();
    (told, alone)
}

/// An actor whose handlers have been timed, by two notes of zero: quick, unless the machine was busy.
async fn timed(system: &System) -> (Log, ActorRef<Worker>) {
    let log = Log::new();
    let to = system.spawn(Worker::new(&log));
    time(&to).await;
    (log, to)
}

async fn time(worker: &ActorRef<Worker>) {
    for _ in 0..2 {
        worker.note(0).await.unwrap();
    }
}

#[tokio::test]
async fn c085_a_sender_that_finds_the_mailbox_full_handles_what_waits_in_order() {
    within(async {
        let system = narrow();
        let mut helped = 0;
        for _ in 0..100 {
            let (log, to) = timed(&system).await;
            for number in 1..=4 {
                to.note(number).try_tell().unwrap();
            }
            assert!(to.note(9).try_tell().is_err(), "a full mailbox is full for who does not wait");
            let (told, alone) = alone(to.note(5).tell()).await;
            told.unwrap();
            helped += u32::from(alone);
            eventually("all have come", || log.len() == 7).await;
            assert_eq!(log.lines(), ["0", "0", "1", "2", "3", "4", "5"]);
        }
        assert!(helped > 0, "nobody has helped");
        eventually("all are counted", || system.counters().handled == 700).await;
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test]
async fn c084_a_guest_leaves_what_is_not_plain_and_all_behind_it_to_the_actors_task() {
    within(async {
        let system = narrow();
        for _ in 0..20 {
            let (log, to) = timed(&system).await;
            to.note(1).try_tell().unwrap();
            to.note_later(2).try_tell().unwrap();
            to.note(3).try_tell().unwrap();
            to.note(4).try_tell().unwrap();
            to.note(5).tell().await.unwrap();
            eventually("all have come", || log.len() == 7).await;
            assert_eq!(log.lines(), ["0", "0", "1", "2", "3", "4", "5"]);
        }
    })
    .await;
}

#[tokio::test]
async fn c075_a_panic_on_a_guests_turn_is_the_actors_alone() {
    within(async {
        let system = narrow();
        let log = Log::new();
        let state = log.clone();
        let spec = Supervisor::builder()
            .max_restarts(u32::MAX)
            .child(ChildSpec::new("worker", move || std::future::ready(Ok(Worker::new(&state)))));
        let supervisor = system.start(spec).await.unwrap();
        let to = supervisor.child::<Worker>("worker").await.unwrap();
        for round in 1..=50 {
            time(&to).await;
            to.note(1).try_tell().unwrap();
            to.boom("boom".to_owned()).try_tell().unwrap();
            to.note(2).try_tell().unwrap();
            to.note(3).try_tell().unwrap();
            to.note(4).tell().await.unwrap();
            eventually("the others have come", || log.len() == 6 * round).await;
            assert_eq!(log.lines()[6 * (round - 1)..], ["0", "0", "1", "2", "3", "4"]);
        }
        at_rest(&system).await;
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test]
async fn c050_an_actor_that_ends_on_a_guests_turn_handles_nothing_more() {
    within(async {
        let system = narrow();
        for _ in 0..20 {
            let (log, to) = timed(&system).await;
            to.note(1).try_tell().unwrap();
            to.finish().try_tell().unwrap();
            to.note(2).try_tell().unwrap();
            to.note(3).try_tell().unwrap();
            // Accepted or refused: it is not handled.
            let _ = to.note(4).tell().await;
            to.process().wait().await;
            assert_eq!(log.lines(), ["0", "0", "1"]);
        }
        at_rest(&system).await;
    })
    .await;
}

#[tokio::test]
async fn c050_a_stop_that_is_given_while_the_mailbox_is_full_is_seen_before_what_waits_there() {
    within(async {
        let system = narrow();
        for _ in 0..20 {
            let (log, to) = timed(&system).await;
            for number in 1..=4 {
                to.note(number).try_tell().unwrap();
            }
            let mut stopping = std::pin::pin!(to.stop());
            assert!(poll_once(&mut stopping).await.is_pending(), "its task has not run");
            assert!(to.note(5).tell().await.is_err(), "it takes nothing any more");
            stopping.await.unwrap();
            assert_eq!(log.lines(), ["0", "0"], "what waited is not handled, by nobody");
        }
    })
    .await;
}

#[actor]
struct Place {
    log: Log,
}

#[handlers]
impl Place {
    /// Where it runs is part of the note.
    #[handler]
    fn note(&mut self, number: u32) -> u32 {
        let here = tokio::runtime::Handle::try_current().is_ok();
        self.log.add(format!("{number} {}", if here { "in the runtime" } else { "outside" }));
        number
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c084_a_thread_outside_that_blocks_for_room_keeps_the_order_and_handlers_their_runtime() {
    within(async {
        let system = narrow();
        let log = Log::new();
        let to = system.spawn(Place { log: log.clone() });
        for number in 0..2 {
            to.note(number).await.unwrap();
        }
        let outside = std::thread::spawn(move || {
            for number in 2..2_000 {
                to.note(number).blocking_tell().unwrap();
            }
        });
        eventually("all have come", || log.len() == 2_000).await;
        outside.join().unwrap();
        for (number, line) in log.lines().iter().enumerate() {
            assert_eq!(*line, format!("{number} in the runtime"));
        }
    })
    .await;
}

#[actor(mailbox(capacity = 3, backpressure = "block"))]
#[derive(Default)]
struct Order {
    last: std::collections::BTreeMap<u64, u64>,
    seen: Arc<AtomicU64>,
}

#[handlers]
impl Order {
    #[handler]
    fn next(&mut self, sender: u64, number: u64) {
        let last = self.last.insert(sender, number);
        assert_eq!(last.map_or(0, |last| last + 1), number, "of sender {sender}");
        self.seen.fetch_add(1, Ordering::SeqCst);
    }

    #[handler]
    fn look(&self) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c084_many_senders_and_askers_at_a_narrow_mailbox_keep_their_order() {
    const SENDERS: u64 = 6;
    const EACH: u64 = 3_000;
    within(async {
        let system = narrow();
        let seen = Arc::new(AtomicU64::new(0));
        let to = system.spawn(Order { seen: seen.clone(), ..Order::default() });
        let senders = (0..SENDERS).map(|sender| {
            let to = to.clone();
            tokio::spawn(async move {
                for number in 0..EACH {
                    match number % 3 {
                        0 => to.next(sender, number).await.unwrap(),
                        _ => to.next(sender, number).tell().await.unwrap(),
                    }
                }
                to.look().await.unwrap();
            })
        });
        for sender in senders.collect::<Vec<_>>() {
            sender.await.unwrap();
        }
        assert_eq!(seen.load(Ordering::SeqCst), SENDERS * EACH);
        eventually("all are counted", || system.counters().handled == SENDERS * EACH + SENDERS).await;
        assert_eq!(system.counters().accepted, SENDERS * EACH + SENDERS);
    })
    .await;
}

/// A stream that always has more.
struct Endless(u64);

impl Stream for Endless {
    type Item = u64;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<Option<u64>> {
        self.0 += 1;
        Poll::Ready(Some(self.0))
    }
}

#[actor]
#[derive(Default)]
struct Reader(u64);

#[handlers]
impl Reader {
    #[handler]
    fn attach(&mut self, ctx: &mut Context<Self>) {
        ctx.attach(Endless(0), |number| ReaderMessage::Item { number });
    }

    #[handler]
    fn item(&mut self, number: u64) {
        self.0 = number;
    }

    #[handler]
    fn last(&self) -> u64 {
        self.0
    }
}

#[tokio::test]
async fn c125_a_stream_that_always_has_more_leaves_other_tasks_their_turn() {
    within(async {
        let system = narrow();
        let reader = system.spawn(Reader::default());
        for _ in 0..2 {
            reader.last().await.unwrap();
        }
        reader.attach().await.unwrap();
        let mut before = 0;
        for _ in 0..50 {
            // Behind whoever is ready, once.
            let mut gave_way = false;
            std::future::poll_fn(|cx| {
                cx.waker().wake_by_ref();
                if std::mem::replace(&mut gave_way, true) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            let last = reader.last().await.unwrap();
            assert!(last - before < 20_000, "{before}, then {last}");
            before = last;
        }
        assert!(before > 0, "it is read");
        reader.stop().await.unwrap();
    })
    .await;
}

/// Takes its time for the first two messages.
#[actor]
#[derive(Default)]
struct Starter {
    begun: u32,
}

#[handlers]
impl Starter {
    #[handler]
    async fn begin(&mut self) -> u32 {
        self.begun += 1;
        let began = Instant::now();
        while self.begun <= 2 && began.elapsed() < Duration::from_millis(1) {}
        self.begun
    }
}

#[tokio::test]
async fn an_async_handler_that_was_slow_at_first_is_begun_by_its_asker_again() {
    within(async {
        let system = System::new("guests");
        let starter = system.spawn(Starter::default());
        for _ in 0..2 {
            starter.begin().await.unwrap();
        }
        let mut third = starter.begin().ask();
        assert!(poll_once(&mut third).await.is_pending(), "it was slow twice");
        third.await.unwrap();
        let mut at_once = 0;
        // Each time that it is tried again, the machine may be busy.
        for _ in 0..100_000 {
            let mut ask = starter.begin().ask();
            match poll_once(&mut ask).await {
                Poll::Ready(answer) => {
                    answer.unwrap();
                    at_once += 1;
                }
                Poll::Pending => drop(ask.await.unwrap()),
            }
            if at_once > 1 {
                break;
            }
        }
        assert!(at_once > 1, "no ask is answered at once any more");
    })
    .await;
}
