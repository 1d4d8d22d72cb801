//! Threads outside Tokio, several systems and several runtimes, and none at all.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use airssys_rt::SystemError;
use airssys_rt::prelude::*;
use tests::actors::{
    Gate, Log, Worker, WorkerApi, WorkerMessage, adds_up, at_rest, eventually, nothing_left, settle, within,
};
use tokio::runtime::{Builder, Handle, Runtime};

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn c096_a_plain_thread_asks_and_tells_and_waits() {
    let runtime = runtime();
    let system = System::builder().runtime(runtime.handle().clone()).build().unwrap();
    let log = Log::new();
    let worker = system.spawn(Worker::new(&log));
    assert_eq!(worker.note(1).blocking_ask(), Ok(1));
    assert_eq!(worker.note_later(2).blocking_ask(), Ok(2));
    worker.note(3).blocking_tell().unwrap();
    assert_eq!(worker.note(4).timeout(Duration::from_secs(60)).blocking_ask(), Ok(4));
    let limit = Duration::from_millis(1);
    let asked = worker.hold(Gate::new(), 5).timeout(limit).blocking_ask();
    assert_eq!(asked, Err(AskError::Timeout { limit }));
    drop(worker.kill());
    runtime.block_on(worker.process().wait());
    assert_eq!(worker.note(6).blocking_ask(), Err(AskError::Stopped));
    let message = WorkerMessage::Note { number: 6 };
    assert_eq!(worker.note(6).blocking_tell(), Err(SendError::Stopped(message)));
    let weak = worker.downgrade();
    drop(worker);
    assert_eq!(weak.note(7).blocking_ask(), Err(AskError::Stopped));
    assert_eq!(log.lines(), ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn c096_a_plain_thread_may_ask_a_system_on_a_runtime_of_one_thread() {
    within(async {
        let system = System::new("test");
        let worker = system.spawn(Worker::default());
        let done = Arc::new(AtomicBool::new(false));
        let said = done.clone();
        let thread = std::thread::spawn(move || {
            for number in 0..100 {
                assert_eq!(worker.note(number).blocking_ask(), Ok(number));
                assert_eq!(worker.note_later(number).blocking_ask(), Ok(number));
                worker.note(number).blocking_tell().unwrap();
            }
            said.store(true, Ordering::SeqCst);
        });
        eventually("the thread is done", || done.load(Ordering::SeqCst) || thread.is_finished()).await;
        thread.join().unwrap();
        eventually("all is handled", || system.counters().handled == 300).await;
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.handled), (300, 300));
    })
    .await;
}

#[test]
fn c085_a_plain_thread_waits_for_room() {
    let runtime = runtime();
    let system = System::builder()
        .runtime(runtime.handle().clone())
        .mailbox(ActorConfig::DEFAULT.capacity(1))
        .build()
        .unwrap();
    let log = Log::new();
    let worker = system.spawn(Worker::new(&log));
    for number in 0..500 {
        worker.note_later(number).blocking_tell().unwrap();
    }
    let process = worker.process();
    drop(worker);
    runtime.block_on(process.wait());
    assert_eq!(log.lines(), (0..500).map(|number| number.to_string()).collect::<Vec<_>>());
}

fn panic_text(run: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(run)).expect_err("it has to panic");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast::<&str>().map(|text| text.to_string()).unwrap_or_default(),
    }
}

async fn blocking_calls_panic_clearly() {
    let system = System::new("test");
    let log = Log::new();
    let worker = system.spawn(Worker::new(&log));
    let text = panic_text(|| drop(worker.note(1).blocking_ask()));
    assert!(
        text.contains("blocking_ask") && text.contains(".await") && text.contains("spawn_blocking"),
        "{text}"
    );
    let text = panic_text(|| drop(worker.note(1).blocking_tell()));
    assert!(text.contains("blocking_tell") && text.contains(".tell().await"), "{text}");
    settle().await;
    assert!(log.is_empty(), "nothing was sent");
    // The runtime works on.
    assert_eq!(worker.note(2).await, Ok(2));
    let more = worker.clone();
    let asked = tokio::task::spawn_blocking(move || more.note(3).blocking_ask()).await.unwrap();
    assert_eq!(asked, Ok(3));
    nothing_left(&system).await;
}

#[tokio::test]
async fn c096_a_blocking_call_inside_a_runtime_of_one_thread_is_a_clear_panic() {
    within(blocking_calls_panic_clearly()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c096_a_blocking_call_inside_a_worker_is_a_clear_panic() {
    within(async { tokio::spawn(blocking_calls_panic_clearly()).await.unwrap() }).await;
}

#[tokio::test]
async fn c075_a_blocking_call_inside_a_handler_is_a_failure_of_that_actor() {
    #[actor]
    struct Blocker {
        worker: ActorRef<Worker>,
    }
    #[handlers]
    impl Blocker {
        #[handler]
        async fn block(&mut self) -> u32 {
            self.worker.note(1).blocking_ask().unwrap_or(0)
        }
        #[handler]
        fn block_plainly(&mut self) -> u32 {
            self.worker.note(1).blocking_ask().unwrap_or(0)
        }
    }
    within(async {
        let system = System::new("test");
        let worker = system.spawn(Worker::default());
        for plainly in [false, true] {
            let blocker = system.spawn(Blocker { worker: worker.clone() });
            let asked = if plainly { blocker.block_plainly().await } else { blocker.block().await };
            let Err(AskError::Crashed { reason: ExitReason::Panicked { message } }) = asked else {
                panic!("{asked:?}");
            };
            assert!(message.contains("blocking_ask"), "{message}");
        }
        assert_eq!(worker.note(1).await, Ok(1));
    })
    .await;
}

#[test]
fn c072_a_system_without_a_runtime_is_an_error_that_says_so() {
    assert_eq!(System::builder().build().unwrap_err(), SystemError::NoRuntime);
    let text = panic_text(|| drop(System::new("none")));
    assert!(text.contains("Tokio runtime") && text.contains("#[tokio::main]"), "{text}");
    let bare = Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let system = System::builder().runtime(bare.handle().clone()).build();
    assert_eq!(system.unwrap_err(), SystemError::NoTimer);
    let text = panic_text(|| bare.block_on(async { drop(System::new("none")) }));
    assert!(text.contains("enable_time"), "{text}");
}

#[test]
fn c096_a_system_runs_on_the_runtime_it_was_given_whoever_asks() {
    #[actor]
    struct Where;
    #[handlers]
    impl Where {
        #[handler]
        fn plainly(&mut self) -> tokio::runtime::Id {
            Handle::current().id()
        }
        #[handler]
        async fn later(&mut self) -> tokio::runtime::Id {
            tokio::task::yield_now().await;
            Handle::current().id()
        }
    }
    let home = runtime();
    let elsewhere = runtime();
    let system = System::builder().runtime(home.handle().clone()).build().unwrap();
    let actor = system.spawn(Where);
    let id = home.handle().id();
    assert_eq!(actor.plainly().blocking_ask(), Ok(id));
    for asking in [&home, &elsewhere] {
        asking.block_on(within(async {
            assert_eq!(actor.plainly().await, Ok(id));
            assert_eq!(actor.later().await, Ok(id));
            let asked = tokio::spawn(actor.plainly().owned().into_future());
            assert_eq!(asked.await.unwrap(), Ok(id));
        }));
    }
}

#[test]
fn c099_asks_of_actors_whose_runtime_goes_away_are_told_so() {
    let home = runtime();
    let elsewhere = runtime();
    let system = System::builder().runtime(home.handle().clone()).build().unwrap();
    let busy = system.spawn(Worker::default());
    let idle = system.spawn(Worker::default());
    let gate = Gate::new();
    let far = Duration::from_secs(3_600);
    let (in_hand, queued) = elsewhere.block_on(within(async {
        assert_eq!(idle.note(1).await, Ok(1));
        let in_hand = tokio::spawn(busy.hold(gate.clone(), 1).timeout(far).owned().into_future());
        gate.reached().await;
        let queued = tokio::spawn(busy.note(1).timeout(far).owned().into_future());
        eventually("it is queued", || busy.process().mailbox_len() == 1).await;
        (in_hand, queued)
    }));
    let down = busy.monitor();
    home.shutdown_timeout(Duration::from_secs(10));
    elsewhere.block_on(async {
        let deadline = Duration::from_secs(10);
        let killed = AskError::Crashed { reason: ExitReason::Killed };
        let told = tokio::time::timeout(deadline, queued).await.expect("the queued one hangs").unwrap();
        assert_eq!(told, Err(killed.clone()));
        let told = tokio::time::timeout(deadline, down).await.expect("the monitor hangs");
        assert_eq!(told.reason, ExitReason::Killed);
        let told = tokio::time::timeout(deadline, in_hand).await.expect("the one in hand hangs").unwrap();
        assert_eq!(told, Err(killed));
        // Later ones, too: of those that were busy, and of those that were not.
        let later =
            tokio::time::timeout(deadline, busy.note(2).timeout(far)).await.expect("a later one hangs");
        assert_eq!(later, Err(AskError::Stopped));
        let later =
            tokio::time::timeout(deadline, idle.note(2).timeout(far)).await.expect("a later one hangs");
        assert!(matches!(later, Err(AskError::Stopped | AskError::Crashed { .. })), "{later:?}");
    });
    assert!(!busy.process().is_alive() && !idle.process().is_alive());
    let counters = system.counters();
    assert!(adds_up(&counters), "{counters:?}");
    assert_eq!(counters.processes, 0);
    assert!(busy.note(3).blocking_ask().is_err(), "a plain thread does not hang, either");
}

#[tokio::test(start_paused = true)]
async fn c102_an_ask_between_two_systems_is_no_ring() {
    #[actor]
    struct Asker {
        worker: ActorRef<Worker>,
    }
    #[handlers]
    impl Asker {
        #[handler]
        async fn ask_worker(&mut self) -> Result<u32, AskError> {
            self.worker.note_later(5).await
        }
    }
    within(async {
        let here = System::new("here");
        let there = System::new("there");
        let worker = here.spawn(Worker::default());
        let asker = there.spawn(Asker { worker: worker.clone() });
        assert_eq!(asker.pid(), worker.pid(), "the same number in two systems");
        assert_eq!(asker.ask_worker().await, Ok(Ok(5)));
        nothing_left(&here).await;
        nothing_left(&there).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c106_many_systems_live_in_one_process_and_each_ends_alone() {
    within(async {
        let systems: Vec<_> = (0..10).map(|number| System::new(format!("system {number}"))).collect();
        let workers: Vec<_> = systems.iter().map(|system| system.spawn(Worker::default())).collect();
        for (place, system) in systems.iter().enumerate() {
            assert_eq!(system.name(), format!("system {place}"));
            assert_eq!(system.processes().len(), 1);
            nothing_left(system).await;
            assert_eq!(workers[place].note(1).await, Err(AskError::Stopped));
            for worker in &workers[place + 1..] {
                assert_eq!(worker.note(1).await, Ok(1));
            }
        }
        // The handles of a system may go before its actors do.
        let worker = System::new("short").spawn(Worker::default());
        assert_eq!(worker.note(1).await, Ok(1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c079_a_shutdown_ends_the_last_started_first_and_takes_nobody_new() {
    #[actor]
    struct Mourned {
        number: u32,
        log: Log,
    }
    #[handlers]
    impl Mourned {
        #[handler(stop)]
        async fn end(&mut self) {
            tokio::task::yield_now().await;
            self.log.add(self.number);
        }
        #[handler]
        fn note(&mut self) {}
    }
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let _kept: Vec<_> =
            (1..=5).map(|number| system.spawn(Mourned { number, log: log.clone() })).collect();
        let report = system.shutdown().await;
        assert!(report.is_clean());
        assert_eq!(report.ended, 5);
        assert_eq!(log.lines(), ["5", "4", "3", "2", "1"]);
        let late = system.spawn(Mourned { number: 6, log: log.clone() });
        assert_eq!(late.process().wait().await, ExitReason::Shutdown);
        assert_eq!(late.note().await, Err(AskError::Stopped));
        let late = system.start(Mourned { number: 7, log: log.clone() }).await;
        assert!(late.is_err());
        assert_eq!(log.len(), 5, "what never started does not stop");
        let again = system.shutdown().await;
        assert_eq!(again.ended, 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c079_a_shutdown_kills_who_does_not_end_in_time() {
    within(async {
        let system = System::new("test");
        let stubborn = system.spawn(Worker::default());
        let gate = Gate::new();
        stubborn.hold(gate.clone(), 1).try_tell().unwrap();
        gate.reached().await;
        let willing = system.spawn(Worker::default());
        let began = tokio::time::Instant::now();
        let report = system.shutdown().await;
        assert!(began.elapsed() >= Duration::from_secs(5) && began.elapsed() < Duration::from_secs(6));
        assert_eq!(report.ended, 1);
        assert_eq!(report.killed.iter().map(ProcessInfo::pid).collect::<Vec<_>>(), [stubborn.pid()]);
        assert!(report.leaked.is_empty());
        assert_eq!(stubborn.process().wait().await, ExitReason::Killed);
        assert_eq!(willing.process().wait().await, ExitReason::Shutdown);
        let counters = at_rest(&system).await;
        assert_eq!(counters.processes, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c079_nobody_slips_through_a_shutdown() {
    within(async {
        for round in 0..300_u32 {
            let system = System::new("test");
            let go = Arc::new(AtomicBool::new(false));
            let (spawner, started) = (system.clone(), go.clone());
            let spawning = tokio::task::spawn_blocking(move || {
                let mut workers = Vec::new();
                started.store(true, Ordering::SeqCst);
                for _ in 0..20 + round % 20 {
                    workers.push(spawner.spawn(Worker::default()));
                }
                workers
            });
            while !go.load(Ordering::SeqCst) {
                std::hint::spin_loop();
            }
            let _ = system.shutdown().await;
            let workers = spawning.await.unwrap();
            eventually("all have ended", || workers.iter().all(|worker| !worker.process().is_alive())).await;
            assert_eq!(system.counters().processes, 0);
        }
    })
    .await;
}

#[supervisor]
struct Crew {
    #[child(count = 2)]
    pool: Pool<Worker>,
}

#[test]
fn c096_a_plain_thread_asks_and_tells_a_pool() {
    let runtime = runtime();
    let system = System::builder().runtime(runtime.handle().clone()).build().unwrap();
    let crew = runtime.block_on(async { system.start(Crew::spec()).await.unwrap() });
    assert_eq!(crew.pool.note(1).blocking_ask(), Ok(1));
    assert_eq!(crew.pool.note_later(2).blocking_ask(), Ok(2));
    crew.pool.note(3).blocking_tell().unwrap();
    assert_eq!(crew.pool.recipient().note(4).blocking_ask(), Ok(4));
}
