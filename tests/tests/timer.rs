//! Timers: never early, in order, cancelled for good, and without bursts.

use airssys_rt::TimerHandle;
use airssys_rt::prelude::*;
use tests::actors::{
    Gate, Log, Worker, WorkerApi, WorkerMessage, eventually, nothing_left, settle, within, within_time,
};
use tokio::time::{Instant, advance, sleep};

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

/// Writes down when something reached it, in milliseconds.
#[actor]
struct Clock {
    log: Log,
    began: Instant,
    handles: Vec<TimerHandle>,
}

/// A tick for everybody.
#[derive(Clone, Debug)]
struct Tick(u32);

impl Clock {
    fn new(log: &Log) -> Self {
        Self { log: log.clone(), began: Instant::now(), handles: Vec::new() }
    }
}

#[handlers(message(derive(Clone)))]
impl Clock {
    #[handler]
    fn note(&mut self, number: u32) {
        self.log.add(format!("{number} at {}", self.began.elapsed().as_millis()));
    }

    #[handler(message)]
    fn tick(&mut self, tick: Tick) {
        self.log.add(format!("tick {} at {}", tick.0, self.began.elapsed().as_millis()));
    }

    #[handler]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    #[handler]
    fn set_after(&mut self, delay: Duration, number: u32, ctx: &mut Context<Self>) {
        ctx.after(delay, Tick(number));
    }

    #[handler]
    fn set_every(&mut self, period: Duration, number: u32, ctx: &mut Context<Self>) {
        ctx.every(period, Tick(number));
    }

    /// Keeps a timer of its own.
    #[handler]
    fn keep_timer(&mut self, period: Duration, number: u32, ctx: &mut Context<Self>) {
        let handle = ctx.this().note(number).tell_every(period);
        self.handles.push(handle);
    }

    #[handler]
    fn boom(&mut self) {
        panic!("boom");
    }
}

#[tokio::test(start_paused = true)]
async fn c121_a_timer_fires_once_and_never_early() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let clock = system.spawn(Clock::new(&log));
        clock.note(1).tell_after(10 * MS).detach();
        clock.note(2).tell_after(Duration::ZERO).detach();
        clock.note(3).tell_after(7 * MS).detach();
        clock.note(4).tell_after(SECOND).detach();
        assert_eq!(system.counters().timers, 4);
        assert!(log.is_empty(), "also one of no delay is sent and not called");
        sleep(5 * SECOND).await;
        let lines = log.lines();
        let order: Vec<_> = lines.iter().map(|line| &line[..1]).collect();
        assert_eq!(order, ["2", "3", "1", "4"]);
        for (line, due) in lines.iter().zip([0, 7, 10, 1000]) {
            let at: u64 = line[5..].parse().unwrap();
            assert!(at >= due && at <= due + 2, "{line}, due at {due}");
        }
        assert_eq!(system.counters().timers, 0);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c121_a_very_long_timer_is_set_and_taken_back_like_others() {
    within_time(Duration::from_secs(60 * 60 * 24 * 365 * 3), async {
        let system = System::new("test");
        let log = Log::new();
        let clock = system.spawn(Clock::new(&log));
        let far = clock.note(1).tell_after(Duration::MAX);
        let farther = clock.note(2).tell_every(Duration::MAX);
        clock.set_after(Duration::MAX, 3).await.unwrap();
        clock.note(4).tell_after(Duration::from_secs(60 * 60 * 24 * 30)).detach();
        sleep(Duration::from_secs(60 * 60 * 24 * 365)).await;
        assert_eq!(log.len(), 1, "{:?}", log.lines());
        assert!(log.lines()[0].starts_with("4 at 2592000"));
        assert_eq!(system.counters().timers, 3);
        far.cancel();
        drop(farther);
        clock.stop().await.unwrap();
        assert_eq!(system.counters().timers, 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c121_equal_deadlines_fire_in_the_order_in_which_they_were_set() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let worker = system.spawn(Worker::new(&log));
        for number in 0..200 {
            worker.note(number).tell_after(20 * MS).detach();
        }
        sleep(SECOND).await;
        assert_eq!(log.lines(), (0..200).map(|number| number.to_string()).collect::<Vec<_>>());
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c121_an_earlier_timer_set_later_is_not_kept_waiting() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let clock = system.spawn(Clock::new(&log));
        let late = clock.note(1).tell_after(10 * SECOND);
        settle().await;
        clock.note(2).tell_after(SECOND).detach();
        sleep(2 * SECOND).await;
        assert_eq!(log.len(), 1);
        assert!(log.lines()[0].starts_with("2 at 100"), "{:?}", log.lines());
        late.cancel();
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c122_a_cancelled_timer_does_not_fire() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let clock = system.spawn(Clock::new(&log));
        clock.note(1).tell_after(SECOND).cancel();
        drop(clock.note(2).tell_after(SECOND));
        clock.note(3).tell_every(SECOND).cancel();
        let kept = clock.note(4).tell_after(SECOND);
        assert_eq!(system.counters().timers, 1, "nothing is left of the others");
        sleep(3 * SECOND).await;
        assert_eq!(log.len(), 1);
        kept.cancel();
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c122_what_a_timer_has_sent_is_not_handled_after_it_was_cancelled() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let clock = system.spawn(Clock::new(&log));
        let gate = Gate::new();
        clock.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        let once = clock.note(1).tell_after(SECOND);
        let again = clock.note(2).tell_every(SECOND);
        clock.note(3).tell_after(SECOND).detach();
        sleep(1500 * MS).await;
        assert_eq!(clock.process().mailbox_len(), 0, "they take no room");
        once.cancel();
        drop(again);
        // Replaced by another: the new one is handled, the old one not.
        let _new = clock.note(4).tell_after(Duration::ZERO);
        settle().await;
        gate.open();
        sleep(5 * SECOND).await;
        let lines = log.lines();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("3 at") && lines[1].starts_with("4 at"), "{lines:?}");
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c123_timers_of_an_ended_actor_reach_nobody_and_are_gone() {
    within(async {
        let system = System::new("test");
        for kill in [false, true] {
            let log = Log::new();
            let clock = system.spawn(Clock::new(&log));
            clock.set_after(SECOND, 1).await.unwrap();
            clock.set_every(SECOND, 2).await.unwrap();
            clock.keep_timer(SECOND, 3).await.unwrap();
            assert_eq!(system.counters().timers, 3);
            if kill {
                clock.kill().await.unwrap();
            } else {
                clock.stop().await.unwrap();
            }
            assert_eq!(system.counters().timers, 0, "its own go with it");
            sleep(5 * SECOND).await;
            assert!(log.is_empty());
            let outside = clock.note(4).tell_every(SECOND);
            sleep(5 * SECOND).await;
            assert_eq!(system.counters().timers, 0, "one for an ended actor ends at its first tick");
            drop(outside);
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c123_a_detached_timer_does_not_outlive_its_system() {
    within(async {
        let system = System::new("test");
        let clock = system.spawn(Clock::new(&Log::new()));
        clock.note(1).tell_after(3_600 * SECOND).detach();
        clock.note(1).tell_every(3_600 * SECOND).detach();
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c123_a_timer_keeps_no_actor_alive() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let clock = system.spawn(Clock::new(&log));
        clock.set_every(SECOND, 1).await.unwrap();
        clock.note(2).tell_every(SECOND).detach();
        clock.keep_timer(SECOND, 3).await.unwrap();
        let process = clock.process();
        drop(clock);
        assert_eq!(process.wait().await, ExitReason::Normal);
        sleep(5 * SECOND).await;
        assert!(log.is_empty());
        assert_eq!(system.counters().timers, 0);
    })
    .await;
}

#[supervisor(max_restarts = 5, within = "1s")]
struct Home {
    log: Log,
    #[child(start = Clock::new(&log))]
    clock: ActorRef<Clock>,
}

#[tokio::test(start_paused = true)]
async fn c123_timers_of_the_incarnation_before_reach_nobody() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let home = system.start(Home::spec(log.clone())).await.unwrap();
        let clock = home.clock.clone();
        clock.set_after(SECOND, 1).await.unwrap();
        clock.set_every(SECOND, 2).await.unwrap();
        clock.keep_timer(SECOND, 3).await.unwrap();
        // One is due and queued when the crash comes.
        clock.set_after(500 * MS, 4).await.unwrap();
        let gate = Gate::new();
        clock.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        clock.boom().try_tell().unwrap();
        sleep(600 * MS).await;
        gate.open();
        eventually("it is restarted", || clock.process().incarnation() == 2).await;
        assert_eq!(system.counters().timers, 0);
        sleep(5 * SECOND).await;
        assert!(log.lines().is_empty());
        // Those of the new one work.
        clock.set_after(SECOND, 5).await.unwrap();
        sleep(5 * SECOND).await;
        assert_eq!(log.len(), 1);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c124_an_interval_ticks_on_its_grid_until_it_is_cancelled() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let clock = system.spawn(Clock::new(&log));
        let ticks = clock.note(1).tell_every(100 * MS);
        sleep(1050 * MS).await;
        let at: Vec<u64> = log.lines().iter().map(|line| line[5..].parse().unwrap()).collect();
        assert_eq!(at.len(), 10, "{at:?}");
        for (place, at) in (1..).zip(&at) {
            assert!(*at >= place * 100 && *at <= place * 100 + 2, "no drift: tick {place} at {at}");
        }
        ticks.cancel();
        sleep(SECOND).await;
        assert_eq!(log.len(), 10);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c124_a_stall_of_a_hundred_periods_is_followed_by_no_burst() {
    within_time(Duration::from_secs(600), async {
        let system = System::new("test");
        let log = Log::new();
        let clock = system.spawn(Clock::new(&log));
        let ticks = clock.note(1).tell_every(SECOND);
        clock.set_every(SECOND, 7).await.unwrap();
        let gate = Gate::new();
        clock.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        sleep(100 * SECOND + 300 * MS).await;
        gate.open();
        sleep(100 * MS).await;
        assert_eq!(log.len(), 2, "one each: {:?}", log.lines());
        sleep(SECOND).await;
        assert_eq!(log.len(), 4, "{:?}", log.lines());
        assert!(log.lines()[2].contains("at 10100"), "on the grid: {:?}", log.lines());
        // The same when the whole runtime stood still.
        advance(50 * SECOND).await;
        settle().await;
        sleep(10 * MS).await;
        assert!(log.len() <= 6, "{:?}", log.lines());
        ticks.cancel();
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c124_a_handler_slower_than_the_interval_is_not_buried_in_ticks() {
    within_time(Duration::from_secs(600), async {
        let system = System::new("test");
        let log = Log::new();
        let worker = system.spawn(Worker::new(&log));
        let ticks = worker.sleep(350 * MS).tell_every(100 * MS);
        sleep(10 * SECOND).await;
        // Behind the tick in hand, and one more.
        let asked = Instant::now();
        assert_eq!(worker.note(1).await, Ok(1));
        assert!(asked.elapsed() <= 2 * 350 * MS, "{:?}", asked.elapsed());
        ticks.cancel();
        sleep(10 * SECOND).await;
        assert!(log.len() >= 20 && log.len() <= 33, "{}", log.len());
        nothing_left(&system).await;
    })
    .await;
}

#[actor]
struct Declared {
    log: Log,
}

#[handlers]
impl Declared {
    #[handler(every = "1s")]
    fn each_second(&mut self) {
        self.log.add("every");
    }

    #[handler(after = "2500ms")]
    fn later(&mut self, ctx: &mut Context<Self>) {
        self.log.add(format!("after {}", ctx.incarnation()));
    }

    #[handler]
    fn boom(&mut self) {
        panic!("boom");
    }
}

#[supervisor]
struct DeclaredHome {
    log: Log,
    #[child(start = Declared { log: log.clone() })]
    actor: ActorRef<Declared>,
}

#[tokio::test(start_paused = true)]
async fn c124_declared_timers_run_from_the_start_of_each_incarnation() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let home = system.start(DeclaredHome::spec(log.clone())).await.unwrap();
        sleep(3200 * MS).await;
        assert_eq!(log.lines(), ["every", "every", "after 1", "every"]);
        assert!(home.actor.boom().await.is_err());
        sleep(3200 * MS).await;
        assert_eq!(log.lines()[4..], ["every", "every", "after 2", "every"]);
        let plain = system.spawn(Declared { log: Log::new() });
        let process = plain.process();
        drop(plain);
        process.wait().await;
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c125_a_timer_is_heard_through_a_mailbox_that_is_never_empty() {
    #[actor(mailbox(capacity = 16))]
    struct Endless {
        rounds: u64,
        heard: Log,
        more: bool,
    }
    #[handlers]
    impl Endless {
        /// Tells itself again before it is done.
        #[handler]
        fn again(&mut self, ctx: &mut Context<Self>) {
            self.rounds += 1;
            if self.more {
                let _ = ctx.this().again().try_tell();
            }
        }
        #[handler(message)]
        fn tick(&mut self, tick: Tick) {
            self.heard.add(tick.0);
            if tick.0 == 3 {
                self.more = false;
            }
        }
    }
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Endless { rounds: 0, heard: log.clone(), more: true });
        for _ in 0..8 {
            actor.again().try_tell().unwrap();
        }
        for number in 1..=3 {
            actor.ask(Tick(number)).tell_after(number * MS).detach();
            advance(10 * MS).await;
            let seen = log.clone();
            eventually("it is heard", move || seen.len() as u32 == number).await;
        }
        assert_eq!(log.lines(), ["1", "2", "3"]);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c125_a_stop_and_a_kill_are_heard_through_a_mailbox_that_is_never_empty() {
    #[actor(mailbox(capacity = 16))]
    struct Endless;
    #[handlers]
    impl Endless {
        #[handler]
        fn again(&mut self, ctx: &mut Context<Self>) {
            let _ = ctx.this().again().try_tell();
        }
    }
    within(async {
        let system = System::new("test");
        for kill in [false, true] {
            let actor = system.spawn(Endless);
            for _ in 0..8 {
                actor.again().try_tell().unwrap();
            }
            tokio::task::yield_now().await;
            if kill {
                assert_eq!(actor.kill().await, Ok(ExitReason::Killed));
            } else {
                assert_eq!(actor.stop().await, Ok(ExitReason::Shutdown));
            }
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c121_a_message_of_a_timer_takes_no_room_in_a_full_mailbox() {
    #[actor(mailbox(capacity = 1, backpressure = "drop"))]
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
    }
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Narrow { log: log.clone() });
        let gate = Gate::new();
        actor.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        actor.note(1).try_tell().unwrap();
        actor.note(2).tell_after(MS).detach();
        sleep(SECOND).await;
        gate.open();
        let seen = log.clone();
        eventually("both are handled", move || seen.len() == 2).await;
        assert_eq!(log.lines(), ["1", "2"]);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c124_a_timer_without_a_period_is_a_mistake_of_the_caller() {
    within(async {
        let system = System::new("test");
        let worker = system.spawn(Worker::default());
        let set = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            drop(worker.note(1).tell_every(Duration::ZERO));
        }));
        assert!(set.is_err());
        assert!(matches!(worker.note(1).into_message(), WorkerMessage::Note { number: 1 }));
        assert_eq!(system.counters().timers, 0);
    })
    .await;
}

#[supervisor]
struct Clocks {
    log: Log,

    #[child(start = Clock::new(&log), count = 2)]
    pool: Pool<Clock>,
}

#[tokio::test(start_paused = true)]
async fn c121_a_timer_of_a_pool_reaches_its_members_in_turn() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let clocks = system.start(Clocks::spec(log.clone())).await.unwrap();
        clocks.pool.note(1).tell_after(SECOND).detach();
        let every = clocks.pool.note(2).tell_every(2 * SECOND);
        sleep(5 * SECOND).await;
        assert_eq!(log.lines(), ["1 at 1000", "2 at 2000", "2 at 4000"]);
        every.cancel();
        sleep(5 * SECOND).await;
        assert_eq!(log.lines().len(), 3);
        assert_eq!(system.counters().timers, 0);
    })
    .await;
}
