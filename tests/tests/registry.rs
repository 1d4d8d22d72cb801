//! Names: one live owner each, gone with their owner, kept through a restart.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Waker};

use airssys_rt::prelude::*;
use tests::actors::{
    Gate, Log, Oops, Worker, WorkerApi, eventually, nothing_left, poll_once, settle, within,
};

/// Counts how often a start handler ran.
#[actor]
struct Counted {
    started: Arc<AtomicU32>,
    fails: u32,
}

#[handlers]
impl Counted {
    #[handler(start)]
    async fn begin(&mut self, ctx: &mut Context<Self>) -> ActorResult<()> {
        self.started.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        match self.fails {
            0 => Ok(()),
            1 => Err(Oops("no"))?,
            2 => panic!("no"),
            _ => {
                ctx.stop();
                Ok(())
            }
        }
    }

    #[handler]
    fn one(&self) -> u32 {
        1
    }
}

#[tokio::test(start_paused = true)]
async fn c115_a_name_that_is_held_is_refused_with_its_owner_and_the_loser_never_starts() {
    within(async {
        let system = System::new("test");
        let owner = system.start(Worker::default()).named("it").await.unwrap();
        assert_eq!(owner.process().name().as_deref(), Some("it"));
        let started = Arc::new(AtomicU32::new(0));
        let loser = system.start(Counted { started: started.clone(), fails: 0 }).named("it").await;
        assert_eq!(loser.unwrap_err(), StartError::NameTaken { name: "it".into(), owner: owner.pid() });
        settle().await;
        assert_eq!(started.load(Ordering::SeqCst), 0);
        assert_eq!(system.counters().processes, 1);
        assert_eq!(system.lookup::<Worker>("it"), Some(owner.clone()));
        assert!(system.lookup::<Counted>("it").is_none(), "of another type");
        assert!(system.lookup::<Worker>("other").is_none());
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c115_a_name_is_taken_from_the_moment_its_owner_begins_to_start() {
    within(async {
        let system = System::new("test");
        let started = Arc::new(AtomicU32::new(0));
        let mut first =
            system.start(Counted { started: started.clone(), fails: 0 }).named("it").into_future();
        assert!(poll_once(&mut first).await.is_pending());
        let second = system.start(Counted { started: started.clone(), fails: 0 }).named("it").await;
        assert!(matches!(second, Err(StartError::NameTaken { .. })));
        let first = first.await.unwrap();
        assert_eq!(started.load(Ordering::SeqCst), 1);
        assert_eq!(system.lookup::<Counted>("it"), Some(first));
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c115_of_many_that_want_a_name_at_once_one_gets_it() {
    within(async {
        let system = System::new("test");
        for round in 0..100 {
            let started = Arc::new(AtomicU32::new(0));
            let name = format!("name {round}");
            let tasks: Vec<_> = (0..8)
                .map(|_| {
                    let (system, started, name) = (system.clone(), started.clone(), name.clone());
                    tokio::spawn(async move { system.start(Counted { started, fails: 0 }).named(name).await })
                })
                .collect();
            let mut winners = Vec::new();
            let mut owners = BTreeSet::new();
            for task in tasks {
                match task.await.unwrap() {
                    Ok(actor) => winners.push(actor),
                    Err(StartError::NameTaken { owner, .. }) => drop(owners.insert(owner)),
                    Err(other) => panic!("{other}"),
                }
            }
            assert_eq!(winners.len(), 1);
            assert_eq!(owners, BTreeSet::from([winners[0].pid()]));
            assert_eq!(started.load(Ordering::SeqCst), 1);
            assert_eq!(winners[0].one().await, Ok(1));
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c116_a_name_goes_with_its_owner_however_that_ends() {
    within(async {
        let system = System::new("test");
        for way in 0..6 {
            let worker = system.start(Worker::default()).named("it").await.unwrap();
            let down = worker.monitor();
            match way {
                0 => drop(worker.stop()),
                1 => drop(worker.kill()),
                2 => drop(worker.boom("boom".into()).await),
                3 => drop(worker.fail().await),
                4 => drop(worker.finish().await),
                _ => drop(worker.drain()),
            }
            down.await;
            assert!(system.lookup::<Worker>("it").is_none());
            assert_eq!(system.counters().names, 0);
            assert_eq!(
                worker.process().name().as_deref(),
                Some("it"),
                "it is still known what it was called"
            );
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c116_who_comes_to_wait_in_the_middle_of_an_end_hears_of_it_when_the_name_is_free() {
    within(async {
        let system = System::new("test");
        let worker = system.start(Worker::default()).named("it").await.unwrap();
        let gate = Gate::new();
        worker.hold(gate.clone(), 1).try_tell().unwrap();
        gate.reached().await;
        worker.note(2).try_tell().unwrap();
        // The queued message becomes a dead letter in the middle of the end: it has ended, and has its name still.
        let late = Arc::new(Mutex::new(Vec::new()));
        let (seen, actor, inside) = (late.clone(), worker.clone(), system.clone());
        system.dead_letters().on_each(move |_| {
            let mut cx = TaskContext::from_waker(Waker::noop());
            let process = actor.process();
            let mut wait = Box::pin(async move { process.wait().await });
            let mut down = actor.monitor();
            assert!(wait.as_mut().poll(&mut cx).is_pending() || inside.lookup::<Worker>("it").is_none());
            assert!(
                Pin::new(&mut down).poll(&mut cx).is_pending() || inside.lookup::<Worker>("it").is_none()
            );
            seen.lock().unwrap().push((wait, down));
        });
        assert_eq!(worker.kill().await, Ok(ExitReason::Killed));
        assert!(system.lookup::<Worker>("it").is_none());
        let (wait, down) = late.lock().unwrap().pop().expect("a dead letter, and no panic in its hook");
        assert_eq!(wait.await, ExitReason::Killed);
        assert_eq!(down.await.reason, ExitReason::Killed);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c116_a_killed_owner_that_does_not_yield_at_once_keeps_its_name_until_it_has_ended() {
    within(async {
        let system = System::new("test");
        let worker = system.start(Worker::default()).named("it").await.unwrap();
        let gate = Gate::new();
        worker.hold(gate.clone(), 1).try_tell().unwrap();
        gate.reached().await;
        let stopped = worker.stop();
        let refused = system.start(Worker::default()).named("it").await;
        assert!(matches!(refused, Err(StartError::NameTaken { .. })), "it is ending and has not ended");
        gate.open();
        stopped.await.unwrap();
        system.start(Worker::default()).named("it").await.unwrap();
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c117_the_clean_up_of_an_old_owner_does_not_take_the_new_ones_name() {
    within(async {
        let system = System::new("test");
        let mut owner = system.start(Worker::default()).named("it").await.unwrap();
        for round in 0..300 {
            match round % 3 {
                0 => drop(owner.kill()),
                1 => drop(owner.stop()),
                _ => owner.boom("boom".into()).try_tell().unwrap(),
            }
            let next = loop {
                match system.start(Worker::default()).named("it").await {
                    Ok(next) => break next,
                    Err(StartError::NameTaken { .. }) => tokio::task::yield_now().await,
                    Err(other) => panic!("{other}"),
                }
            };
            // The old one's end is over in every respect.
            owner.process().wait().await;
            drop(owner);
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            assert_eq!(system.lookup::<Worker>("it"), Some(next.clone()));
            owner = next;
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c118_a_name_is_free_after_a_start_that_failed() {
    within(async {
        let system = System::new("test");
        let started = Arc::new(AtomicU32::new(0));
        for fails in [1, 2] {
            let failed = system.start(Counted { started: started.clone(), fails }).named("it").await;
            assert!(
                matches!(failed, Err(StartError::Failed { .. } | StartError::Panicked { .. })),
                "{failed:?}"
            );
            assert_eq!(system.counters().names, 0, "at once");
        }
        let limit = Duration::from_secs(1);
        #[actor]
        struct Never;
        #[handlers]
        impl Never {
            #[handler(start)]
            async fn begin(&mut self) {
                std::future::pending::<()>().await;
            }
        }
        let failed = system.start(Never).named("it").timeout(limit).await;
        assert!(matches!(failed, Err(StartError::Timeout { .. })));
        assert_eq!(system.counters().names, 0);
        // One that ends right after its start.
        let short = system.start(Counted { started, fails: 3 }).named("it").await.unwrap();
        short.process().wait().await;
        system.start(Worker::default()).named("it").await.unwrap();
        nothing_left(&system).await;
    })
    .await;
}

#[supervisor(max_restarts = 5, within = "1s")]
struct Home {
    log: Log,
    #[child(start = Worker::new(&log), name = "it")]
    worker: ActorRef<Worker>,
}

#[supervisor(max_restarts = 5, within = "1s", backoff(first = "1s", max = "1s"))]
struct SlowHome {
    log: Log,
    #[child(start = Worker::new(&log), name = "it")]
    worker: ActorRef<Worker>,
}

#[tokio::test(start_paused = true)]
async fn c119_the_name_stays_through_a_restart() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let home = system.start(Home::spec(log.clone())).await.unwrap();
        let found = system.lookup::<Worker>("it").unwrap();
        assert_eq!(found, home.worker);
        assert!(found.boom("boom".into()).await.is_err());
        // Dead or restarted already: the name is the same actor's.
        assert_eq!(system.lookup::<Worker>("it"), Some(found.clone()));
        let refused = system.start(Worker::default()).named("it").await;
        assert!(matches!(refused, Err(StartError::NameTaken { owner, .. }) if owner == found.pid()));
        assert_eq!(found.note(1).await, Ok(1));
        assert_eq!(found.process().restarts(), 1);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c119_what_is_sent_between_two_incarnations_waits_for_the_new_one() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let home = system.start(SlowHome::spec(log.clone())).await.unwrap();
        let worker = home.worker.clone();
        assert!(worker.boom("boom".into()).await.is_err());
        settle().await;
        assert_eq!(worker.process().status(), ProcessStatus::Starting, "it waits for its backoff");
        let found = system.lookup::<Worker>("it").unwrap();
        found.note(1).try_tell().unwrap();
        found.note(2).tell().await.unwrap();
        assert_eq!(found.note(3).await, Ok(3));
        assert_eq!(log.lines(), ["1", "2", "3"]);
        assert_eq!(worker.process().incarnation(), 2);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c116_a_name_keeps_its_owner_alive() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        drop(system.start(Worker::new(&log)).named("it").await.unwrap());
        settle().await;
        assert_eq!(system.lookup::<Worker>("it").unwrap().note(1).await, Ok(1));
        settle().await;
        system.lookup::<Worker>("it").unwrap().stop().await.unwrap();
        eventually("it has ended", || system.counters().processes == 0).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c115_names_of_two_systems_are_not_related() {
    within(async {
        let here = System::new("here");
        let there = System::new("there");
        let one = here.start(Worker::default()).named("it").await.unwrap();
        let two = there.start(Worker::default()).named("it").await.unwrap();
        assert_ne!(one, two);
        here.shutdown().await;
        assert!(here.lookup::<Worker>("it").is_none());
        assert_eq!(there.lookup::<Worker>("it"), Some(two));
    })
    .await;
}
