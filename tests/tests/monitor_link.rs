//! Monitors fire once, at the end for good; links fire at each failure.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use airssys_rt::MonitorId;
use airssys_rt::prelude::*;
use tests::actors::{
    Gate, Log, Peer, Watcher, WatcherApi, Worker, WorkerApi, eventually, nothing_left, poll_once, settle,
    within,
};

/// What a watcher writes down about one end.
fn line(pid: ProcessId, id: MonitorId, reason: &ExitReason) -> String {
    format!("down {pid:?} {id:?} {reason}")
}

/// Ends a worker in one of the ways there are, and says with what reason it has to end.
async fn end(worker: &ActorRef<Worker>, way: u32) -> ExitReason {
    match way {
        0 => {
            worker.stop().await.unwrap();
            ExitReason::Shutdown
        }
        1 => {
            worker.kill().await.unwrap();
            ExitReason::Killed
        }
        2 => {
            let _ = worker.boom("boom".into()).await;
            ExitReason::Panicked { message: "boom".into() }
        }
        3 => {
            let _ = worker.fail().await;
            ExitReason::Failed { message: "on purpose".into() }
        }
        4 => {
            let _ = worker.finish().await;
            ExitReason::Normal
        }
        _ => {
            worker.drain().await.unwrap();
            ExitReason::Normal
        }
    }
}

#[tokio::test(start_paused = true)]
async fn c106_one_down_with_the_true_reason_however_the_target_ends() {
    within(async {
        let system = System::new("test");
        for way in 0..=5 {
            let log = Log::new();
            let watcher = system.spawn(Watcher::new(&log));
            let worker = system.spawn(Worker::default());
            let id = watcher.watch(Peer(worker.process())).await.unwrap();
            let down = worker.monitor();
            let own = down.id();
            assert_ne!(own, id);
            let reason = end(&worker, way).await;
            let down = down.await;
            assert_eq!((down.monitor, down.pid, &down.reason), (own, worker.pid(), &reason));
            let seen = log.clone();
            eventually("the watcher is told", move || !seen.is_empty()).await;
            settle().await;
            assert_eq!(log.lines(), [line(worker.pid(), id, &reason)]);
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c106_the_end_for_want_of_references_is_told_too() {
    within(async {
        let system = System::new("test");
        let worker = system.spawn(Worker::default());
        let down = worker.monitor();
        let pid = worker.pid();
        drop(worker);
        let down = down.await;
        assert_eq!((down.pid, down.reason), (pid, ExitReason::Normal), "a monitor keeps nobody alive");
    })
    .await;
}

#[supervisor(max_restarts = 1, within = "5s")]
struct Home {
    #[child(start = Worker::default())]
    worker: ActorRef<Worker>,
}

#[tokio::test(start_paused = true)]
async fn c106_a_restart_is_no_end_and_the_end_for_good_is_one() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let watcher = system.spawn(Watcher::new(&log));
        let home = system.start(Home::spec()).await.unwrap();
        let worker = home.worker.clone();
        let id = watcher.watch(Peer(worker.process())).await.unwrap();
        let mut down = worker.monitor();
        assert!(worker.boom("one".into()).await.is_err());
        assert_eq!(worker.note(1).await, Ok(1));
        settle().await;
        assert!(poll_once(&mut down).await.is_pending());
        assert!(log.is_empty());
        assert!(worker.boom("two".into()).await.is_err());
        let reason = ExitReason::Panicked { message: "two".into() };
        assert_eq!(down.await.reason, reason);
        watcher.note(1).await.unwrap();
        assert_eq!(log.lines(), [line(worker.pid(), id, &reason), "1".to_owned()]);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c107_a_monitor_of_an_ended_actor_fires_at_once() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let watcher = system.spawn(Watcher::new(&log));
        let worker = system.spawn(Worker::default());
        worker.stop().await.unwrap();
        let down = worker.monitor();
        let own = down.id();
        let down = down.await;
        assert_eq!((down.monitor, down.pid, down.reason), (own, worker.pid(), ExitReason::NoProcess));
        let id = watcher.watch(Peer(worker.process())).await.unwrap();
        watcher.note(1).await.unwrap();
        let lines = log.lines();
        assert_eq!(lines, [line(worker.pid(), id, &ExitReason::NoProcess), "1".to_owned()]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c107_a_monitor_set_by_a_weak_reference_names_the_actor_that_has_gone() {
    #[actor]
    struct WeakWatcher {
        log: Log,
        target: WeakRef<Worker>,
    }
    #[handlers]
    impl WeakWatcher {
        #[handler]
        fn watch(&mut self, ctx: &mut Context<Self>) -> MonitorId {
            ctx.monitor(&self.target)
        }
        #[handler(down)]
        fn on_down(&mut self, down: Down) {
            self.log.add(line(down.pid, down.monitor, &down.reason));
        }
    }
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let worker = system.spawn(Worker::default());
        let pid = worker.pid();
        let watcher = system.spawn(WeakWatcher { log: log.clone(), target: worker.downgrade() });
        worker.stop().await.unwrap();
        drop(worker);
        settle().await;
        let id = watcher.watch().await.unwrap();
        let seen = log.clone();
        eventually("it is told", move || !seen.is_empty()).await;
        assert_eq!(log.lines(), [line(pid, id, &ExitReason::NoProcess)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c108_monitors_set_while_the_target_ends_fire_once_each() {
    within(async {
        let system = System::new("test");
        for round in 0..150_u32 {
            let log = Log::new();
            let watcher = system.spawn(Watcher::new(&log));
            let worker = system.spawn(Worker::default());
            let process = worker.process();
            let tasks: Vec<_> = (0..4)
                .map(|task| {
                    let (watcher, worker, process) = (watcher.clone(), worker.clone(), process.clone());
                    tokio::spawn(async move {
                        let mut ids = Vec::new();
                        for _ in 0..5 {
                            if task % 2 == 0 {
                                ids.push(watcher.watch(Peer(process.clone())).await.unwrap());
                            } else {
                                let down = worker.monitor().await;
                                assert!(matches!(
                                    down.reason,
                                    ExitReason::Killed
                                        | ExitReason::Shutdown
                                        | ExitReason::NoProcess
                                        | ExitReason::Panicked { .. }
                                ));
                            }
                        }
                        ids
                    })
                })
                .collect();
            for _ in 0..round % 5 {
                tokio::task::yield_now().await;
            }
            match round % 3 {
                0 => drop(worker.kill()),
                1 => drop(worker.stop()),
                _ => worker.boom("boom".into()).try_tell().unwrap(),
            }
            let mut ids = Vec::new();
            for task in tasks {
                ids.extend(task.await.unwrap());
            }
            assert_eq!(ids.len(), 10);
            let seen = log.clone();
            eventually("each has fired", move || seen.len() >= 10).await;
            watcher.note(1).await.unwrap();
            let lines = log.lines();
            assert_eq!(lines.len(), 11, "none twice: {lines:?}");
            for id in ids {
                let text = format!("{id:?} ");
                assert_eq!(lines.iter().filter(|line| line.contains(&text)).count(), 1);
            }
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c109_a_monitor_taken_back_does_not_fire_and_may_be_taken_back_twice() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let watcher = system.spawn(Watcher::new(&log));
        let worker = system.spawn(Worker::default());
        let id = watcher.watch(Peer(worker.process())).await.unwrap();
        watcher.unwatch(vec![id]).await.unwrap();
        watcher.unwatch(vec![id, id]).await.unwrap();
        let held = worker.monitor();
        drop(held);
        worker.stop().await.unwrap();
        settle().await;
        watcher.note(1).await.unwrap();
        assert_eq!(log.lines(), ["1"]);
        watcher.unwatch(vec![id]).await.unwrap();
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c109_a_notice_that_is_queued_when_the_monitor_is_taken_back_is_removed() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let watcher = system.spawn(Watcher::new(&log));
        let worker = system.spawn(Worker::default());
        let first = watcher.watch(Peer(worker.process())).await.unwrap();
        let second = watcher.watch(Peer(worker.process())).await.unwrap();
        let gate = Gate::new();
        watcher.hold_then_unwatch(gate.clone(), vec![first]).try_tell().unwrap();
        gate.reached().await;
        worker.stop().await.unwrap();
        gate.open();
        watcher.note(1).await.unwrap();
        let lines = log.lines();
        assert_eq!(lines, [line(worker.pid(), second, &ExitReason::Shutdown), "1".to_owned()]);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c110_many_monitors_of_one_watcher_on_one_target_are_told_apart() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let watcher = system.spawn(Watcher::new(&log));
        let worker = system.spawn(Worker::default());
        let mut ids = Vec::new();
        for _ in 0..5 {
            ids.push(watcher.watch(Peer(worker.process())).await.unwrap());
        }
        let mut distinct = ids.clone();
        distinct.dedup();
        assert_eq!(distinct.len(), 5);
        watcher.unwatch(vec![ids.remove(2)]).await.unwrap();
        worker.kill().await.unwrap();
        let seen = log.clone();
        eventually("four are told", move || seen.len() == 4).await;
        settle().await;
        let mut lines = log.lines();
        lines.sort();
        let mut wanted: Vec<_> = ids.iter().map(|id| line(worker.pid(), *id, &ExitReason::Killed)).collect();
        wanted.sort();
        assert_eq!(lines, wanted);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c110_monitors_of_two_systems_on_one_target_are_told_apart() {
    within(async {
        let here = System::new("here");
        let there = System::new("there");
        let log = Log::new();
        let watcher = there.spawn(Watcher::new(&log));
        let worker = here.spawn(Worker::default());
        // The first monitor of either system.
        let id = watcher.watch(Peer(worker.process())).await.unwrap();
        let down = worker.monitor();
        worker.kill().await.unwrap();
        assert_eq!(down.await.reason, ExitReason::Killed);
        let seen = log.clone();
        eventually("the watcher is told", move || !seen.is_empty()).await;
        settle().await;
        assert_eq!(log.lines(), [line(worker.pid(), id, &ExitReason::Killed)]);
        nothing_left(&here).await;
        nothing_left(&there).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c111_the_name_is_free_when_the_down_is_seen() {
    within(async {
        let system = System::new("test");
        for round in 0..200 {
            let worker = system.start(Worker::default()).named("the name").await.unwrap();
            let down = worker.monitor();
            match round % 4 {
                0 => drop(worker.kill()),
                1 => drop(worker.stop()),
                2 => worker.boom("boom".into()).try_tell().unwrap(),
                _ => worker.finish().try_tell().unwrap(),
            }
            down.await;
            let next = system.start(Worker::default()).named("the name").await;
            assert!(next.is_ok(), "{next:?}");
            next.unwrap().kill().await.unwrap();
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c111_a_watching_actor_may_take_the_name_in_its_down_handler() {
    #[actor]
    struct Heir {
        log: Log,
    }
    #[handlers]
    impl Heir {
        #[handler]
        fn watch(&mut self, other: Peer, ctx: &mut Context<Self>) {
            ctx.monitor(&other.0);
        }
        #[handler(down)]
        async fn on_down(&mut self, _down: Down, ctx: &mut Context<Self>) {
            let next = ctx.system().start(Worker::default()).named("the name").await;
            self.log.add(next.is_ok());
        }
    }
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let heir = system.spawn(Heir { log: log.clone() });
        let worker = system.start(Worker::default()).named("the name").await.unwrap();
        heir.watch(Peer(worker.process())).await.unwrap();
        drop(worker.kill());
        let seen = log.clone();
        eventually("it tried", move || !seen.is_empty()).await;
        assert_eq!(log.lines(), ["true"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c112_what_the_target_sent_comes_before_its_down() {
    #[actor]
    struct Talker {
        to: ActorRef<Watcher>,
    }
    #[handlers]
    impl Talker {
        #[handler]
        async fn talk(&mut self, how: u32, ctx: &mut Context<Self>) {
            for number in 0..5 {
                let _ = self.to.note(number).tell().await;
            }
            match how {
                0 => ctx.stop(),
                1 => panic!("boom"),
                _ => ctx.fail(tests::actors::Oops("failed")),
            }
        }
    }
    within(async {
        let system = System::new("test");
        for round in 0..120 {
            let log = Log::new();
            let watcher = system.spawn(Watcher::new(&log));
            let talker = system.spawn(Talker { to: watcher.clone() });
            watcher.watch(Peer(talker.process())).await.unwrap();
            talker.talk(round % 3).try_tell().unwrap();
            let seen = log.clone();
            eventually("all has come", move || seen.len() == 6).await;
            let lines = log.lines();
            assert_eq!(lines[..5], ["0", "1", "2", "3", "4"]);
            assert!(lines[5].starts_with("down"), "{lines:?}");
        }
        nothing_left(&system).await;
    })
    .await;
}

/// An actor that traps the exits of those it is linked to.
#[actor]
struct Trapper {
    log: Log,
}

#[handlers]
impl Trapper {
    #[handler]
    fn link_to(&mut self, other: Peer, ctx: &mut Context<Self>) {
        ctx.link(&other.0);
    }

    #[handler]
    fn note(&mut self, number: u32) -> u32 {
        self.log.add(number);
        number
    }

    #[handler(exit)]
    fn on_exit(&mut self, exit: Exit) {
        self.log.add(format!("exit {:?} {}", exit.pid, exit.reason));
    }
}

#[tokio::test(start_paused = true)]
async fn c113_a_linked_actor_ends_with_the_same_reason_if_the_other_fails_and_not_otherwise() {
    within(async {
        let system = System::new("test");
        for way in 0..=5 {
            for by_the_other in [false, true] {
                let a = system.spawn(Worker::default());
                let b = system.spawn(Worker::default());
                if by_the_other {
                    b.link_to(Peer(a.process())).await.unwrap();
                } else {
                    a.link_to(Peer(b.process())).await.unwrap();
                }
                let reason = end(&a, way).await;
                settle().await;
                if reason.is_abnormal() {
                    assert_eq!(b.process().exit_reason(), Some(reason));
                } else {
                    assert_eq!(b.note(1).await, Ok(1), "an orderly end is no harm: {reason}");
                }
            }
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c113_an_actor_that_traps_exits_gets_each_as_a_notice() {
    within(async {
        let system = System::new("test");
        for way in 0..=5 {
            let log = Log::new();
            let trapper = system.spawn(Trapper { log: log.clone() });
            let worker = system.spawn(Worker::default());
            trapper.link_to(Peer(worker.process())).await.unwrap();
            let reason = end(&worker, way).await;
            let seen = log.clone();
            eventually("it is told", move || !seen.is_empty()).await;
            settle().await;
            assert_eq!(log.lines(), [format!("exit {:?} {reason}", worker.pid())], "once");
            assert_eq!(trapper.note(1).await, Ok(1));
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c113_an_unlinked_actor_hears_nothing() {
    within(async {
        let system = System::new("test");
        for by_the_other in [false, true] {
            let a = system.spawn(Worker::default());
            let b = system.spawn(Worker::default());
            a.link_to(Peer(b.process())).await.unwrap();
            a.link_to(Peer(b.process())).await.unwrap();
            if by_the_other {
                b.unlink_from(Peer(a.process())).await.unwrap();
            } else {
                a.unlink_from(Peer(b.process())).await.unwrap();
            }
            assert!(a.boom("boom".into()).await.is_err());
            settle().await;
            assert_eq!(b.note(1).await, Ok(1));
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c113_a_link_to_an_ended_actor_is_an_exit_at_once() {
    within(async {
        let system = System::new("test");
        let ended = system.spawn(Worker::default());
        ended.stop().await.unwrap();
        let a = system.spawn(Worker::default());
        a.link_to(Peer(ended.process())).try_tell().unwrap();
        assert_eq!(a.process().wait().await, ExitReason::NoProcess);
        let log = Log::new();
        let trapper = system.spawn(Trapper { log: log.clone() });
        trapper.link_to(Peer(ended.process())).await.unwrap();
        let seen = log.clone();
        eventually("it is told", move || !seen.is_empty()).await;
        assert_eq!(log.lines(), [format!("exit {:?} {}", ended.pid(), ExitReason::NoProcess)]);
        // A link to itself is none.
        let own = system.spawn(Worker::default());
        own.link_to(Peer(own.process())).await.unwrap();
        assert_eq!(own.note(1).await, Ok(1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c113_an_exit_ends_a_handler_at_its_await() {
    within(async {
        let system = System::new("test");
        let a = system.spawn(Worker::default());
        let b = system.spawn(Worker::default());
        a.link_to(Peer(b.process())).await.unwrap();
        let gate = Gate::new();
        let mut asked = Box::pin(b.hold(gate.clone(), 1).into_future());
        assert!(poll_once(&mut asked).await.is_pending());
        gate.reached().await;
        assert!(a.boom("boom".into()).await.is_err());
        let reason = ExitReason::Panicked { message: "boom".into() };
        assert_eq!(asked.await, Err(AskError::Crashed { reason: reason.clone() }));
        assert_eq!(b.process().wait().await, reason);
        let counters = nothing_left(&system).await;
        assert_eq!(counters.lost_in_hand, 2);
    })
    .await;
}

#[supervisor(max_restarts = 10, within = "5s")]
struct LinkedHome {
    #[child(start = Worker::default())]
    worker: ActorRef<Worker>,
}

#[tokio::test(start_paused = true)]
async fn c113_a_link_fires_at_each_failure_restarted_or_not() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let trapper = system.spawn(Trapper { log: log.clone() });
        let home = system.start(LinkedHome::spec()).await.unwrap();
        let worker = home.worker.clone();
        trapper.link_to(Peer(worker.process())).await.unwrap();
        for round in 1..=3 {
            assert!(worker.boom(format!("{round}")).await.is_err());
            assert_eq!(worker.note(1).await, Ok(1));
        }
        let pid = worker.pid();
        let wanted: Vec<_> = (1..=3).map(|round| format!("exit {pid:?} panicked: {round}")).collect();
        let seen = log.clone();
        eventually("all are told", move || seen.len() == 3).await;
        assert_eq!(log.lines(), wanted);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c113_links_between_systems_tell_actors_with_the_same_number_apart() {
    within(async {
        let here = System::new("here");
        let there = System::new("there");
        let a = here.spawn(Worker::default());
        let b = there.spawn(Worker::default());
        assert_eq!(a.pid(), b.pid(), "ids of two systems are not related");
        a.link_to(Peer(b.process())).await.unwrap();
        assert!(b.boom("boom".into()).await.is_err());
        settle().await;
        assert_eq!(a.process().exit_reason(), Some(ExitReason::Panicked { message: "boom".into() }));
        // And two peers of one number.
        let here_again = here.spawn(Worker::default());
        let there_again = there.spawn(Worker::default());
        assert_eq!(here_again.pid(), there_again.pid());
        let log = Log::new();
        let trapper = System::new("third").spawn(Trapper { log: log.clone() });
        trapper.link_to(Peer(here_again.process())).await.unwrap();
        trapper.link_to(Peer(there_again.process())).await.unwrap();
        here_again.kill().await.unwrap();
        there_again.kill().await.unwrap();
        settle().await;
        assert_eq!(log.len(), 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c114_a_chain_of_ten_thousand_links_ends_without_overflowing_a_stack() {
    within(async {
        let system = System::new("test");
        let workers: Vec<_> = (0..10_000).map(|_| system.spawn(Worker::default())).collect();
        for pair in workers.windows(2) {
            pair[0].link_to(Peer(pair[1].process())).await.unwrap();
        }
        assert!(workers[0].boom("boom".into()).await.is_err());
        let reason = ExitReason::Panicked { message: "boom".into() };
        assert_eq!(workers.last().unwrap().process().wait().await, reason);
        eventually("all have ended", || system.counters().processes == 0).await;
        assert!(workers.iter().all(|worker| worker.process().exit_reason().as_ref() == Some(&reason)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c114_links_made_in_opposite_directions_at_once_and_rings_lock_nobody_out() {
    within(async {
        let system = System::new("test");
        for round in 0..100 {
            let workers: Vec<_> = (0..3).map(|_| system.spawn(Worker::default())).collect();
            let mut tasks = Vec::new();
            for from in 0..3 {
                for to in 0..3 {
                    let (from, to) = (workers[from].clone(), workers[to].clone());
                    tasks.push(tokio::spawn(async move {
                        let _ = from.link_to(Peer(to.process())).await;
                    }));
                }
            }
            if round % 2 == 0 {
                for task in tasks {
                    task.await.unwrap();
                }
                workers[round % 3].boom("boom".into()).try_tell().unwrap();
                for worker in &workers {
                    let reason = worker.process().wait().await;
                    assert_eq!(reason, ExitReason::Panicked { message: "boom".into() });
                }
            } else {
                // The end comes in between.
                let _ = workers[round % 3].boom("boom".into()).await;
                for task in tasks {
                    task.await.unwrap();
                }
                for worker in workers {
                    drop(worker.kill());
                    worker.process().wait().await;
                }
            }
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c114_a_chain_of_ten_thousand_last_references_ends_without_overflowing_a_stack() {
    #[actor]
    struct Holder {
        _next: Option<ActorRef<Holder>>,
        ended: Arc<AtomicU32>,
    }
    impl Drop for Holder {
        fn drop(&mut self) {
            self.ended.fetch_add(1, Ordering::SeqCst);
        }
    }
    #[handlers]
    impl Holder {
        #[handler]
        fn nothing(&self) {}
    }
    within(async {
        let system = System::new("test");
        let ended = Arc::new(AtomicU32::new(0));
        let mut first: Option<ActorRef<Holder>> = None;
        for _ in 0..10_000 {
            first = Some(system.spawn(Holder { _next: first.take(), ended: ended.clone() }));
        }
        drop(first);
        eventually("all have ended", || system.counters().processes == 0).await;
        assert_eq!(ended.load(Ordering::SeqCst), 10_000);
    })
    .await;
}
