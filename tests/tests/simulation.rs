//! One seed is one run, to the byte; many seeds are many orders; and each kind of fault strikes as it says.

use std::collections::{BTreeMap, BTreeSet};

use airssys_rt::prelude::*;
use airssys_rt::testing::{Event, Fault, Faults, Simulation};

#[actor(mailbox(capacity = 4))]
#[derive(Default)]
struct Worker {
    sum: u64,
}

#[handlers]
impl Worker {
    #[handler]
    fn add(&mut self, by: u64) -> u64 {
        self.sum += by;
        self.sum
    }

    #[handler]
    async fn add_slowly(&mut self, by: u64) -> u64 {
        tokio::time::sleep(Duration::from_millis(by)).await;
        self.sum += by;
        self.sum
    }

    #[handler(event)]
    fn noticed(&mut self, by: u16) {
        self.sum += u64::from(by);
    }
}

#[supervisor(strategy = "one_for_all", max_restarts = 1_000_000)]
struct Crew {
    #[child]
    first: ActorRef<Worker>,
    #[child(restart = "transient")]
    second: ActorRef<Worker>,
    #[child(count = 3)]
    pool: Pool<Worker>,
}

/// Everything at once: tells, asks, events, timers, restarts.
async fn busy(sim: Simulation, faults: Faults) -> Simulation {
    let crew = sim.system().start(Crew::spec()).await.expect("it starts");
    sim.inject(faults);
    let mut askers = tokio::task::JoinSet::new();
    for number in 0..4_u64 {
        let (first, second, pool) = (crew.first.clone(), crew.second.clone(), crew.pool.clone());
        let events = sim.system().events();
        askers.spawn(async move {
            for turn in 0..6 {
                let _ = first.add_slowly(number + 1).timeout(Duration::from_millis(40)).await;
                let _ = second.add(turn).await;
                let _ = pool.add(turn).tell().await;
                events.publish(1_u16);
            }
        });
    }
    while askers.join_next().await.is_some() {}
    sim.inject(Faults::none());
    let _ = crew.stop().await;
    sim
}

fn lines(sim: &Simulation) -> Vec<String> {
    sim.log().iter().map(ToString::to_string).collect()
}

fn all_faults() -> Faults {
    Faults::all(0.01).supervisors(true)
}

#[test]
fn the_same_seed_gives_the_same_log_byte_for_byte() {
    for seed in 0..50 {
        let run = || Simulation::run(seed, |sim| async move { lines(&busy(sim, all_faults()).await) });
        let (one, other) = (run(), run());
        assert!(one.len() > 20, "{one:#?}");
        assert_eq!(one, other, "seed {seed}");
    }
}

#[test]
fn another_seed_is_another_order() {
    let seen = Simulation::explore(0..1_000, |sim| async move { drop(busy(sim, Faults::none()).await) });
    println!("{} seeds: {} distinct orders of handler runs", seen.runs, seen.orders);
    assert_eq!(seen.runs, 1_000);
    assert!(seen.orders >= 950, "{} orders", seen.orders);
    let none = Simulation::explore(0..10, |_| async {});
    assert_eq!(none.orders, 1);
}

#[test]
fn faults_of_every_kind_leave_a_system_that_adds_up() {
    let mut kinds = BTreeMap::<&str, u64>::new();
    for seed in 0..200 {
        let (log, counters) = Simulation::run(seed, |sim| async move {
            let sim = busy(sim, all_faults()).await;
            sim.system().shutdown().await;
            (sim.log(), sim.system().counters())
        });
        for entry in &log {
            if let Event::Fault(fault) = &entry.what {
                *kinds
                    .entry(fault.to_string().split(' ').next().map_or("", |kind| match kind {
                        "panic" => "panic",
                        "error" => "error",
                        "kill" => "kill",
                        "abort" => "abort",
                        "stop" => "stop",
                        _ => "delay",
                    }))
                    .or_default() += 1;
            }
        }
        let ended: BTreeSet<_> = log
            .iter()
            .filter(|entry| matches!(entry.what, Event::Ended { .. }))
            .collect::<Vec<_>>()
            .iter()
            .map(|entry| entry.pid)
            .collect();
        let begun: BTreeSet<_> = log
            .iter()
            .filter(|entry| matches!(entry.what, Event::Started { .. }))
            .map(|entry| entry.pid)
            .collect();
        assert_eq!(begun, ended, "seed {seed}: whoever started has ended");
        assert_eq!(
            (counters.processes, counters.names, counters.timers, counters.queued),
            (0, 0, 0, 0),
            "seed {seed}"
        );
        assert_eq!(
            counters.accepted,
            counters.handled + counters.dead_lettered + counters.lost_in_hand,
            "seed {seed}: {counters:?}"
        );
    }
    println!("faults: {kinds:?}");
    assert_eq!(kinds.len(), 6, "{kinds:?}");
}

/// How a lone supervised worker's first incarnation ends when `fault` strikes it.
fn first_end(fault: Fault) -> ExitReason {
    Simulation::run(3, |sim| async move {
        let crew = sim.system().start(Crew::spec()).await.expect("it starts");
        let worker = crew.first.clone();
        sim.strike(worker.pid(), 1, fault);
        while worker.process().restarts() == 0 {
            let _ = worker.add_slowly(5).await;
            tokio::time::sleep(Duration::from_millis(1)).await;
            assert!(sim.log().len() < 1_000, "{fault}: {:#?}", lines(&sim));
        }
        let end = sim.log().into_iter().find_map(|entry| match entry.what {
            Event::Down { reason, incarnation: 1 } if entry.pid == Some(worker.pid()) => Some(reason),
            _ => None,
        });
        end.expect("the first incarnation has ended")
    })
}

#[test]
fn c081_each_fault_ends_an_incarnation_in_its_own_way() {
    assert!(matches!(first_end(Fault::Panic), ExitReason::Panicked { .. }));
    assert!(matches!(first_end(Fault::Error), ExitReason::Failed { .. }));
    assert_eq!(first_end(Fault::Kill), ExitReason::Killed);
    assert_eq!(first_end(Fault::Abort), ExitReason::Killed);
    assert_eq!(first_end(Fault::Stop), ExitReason::Shutdown);
}

#[test]
fn a_delay_holds_an_actor_back_in_virtual_time() {
    Simulation::run(1, |sim| async move {
        let worker = sim.system().spawn(Worker::default());
        sim.strike(worker.pid(), 1, Fault::Delay(Duration::from_secs(3)));
        let before = tokio::time::Instant::now();
        assert_eq!(worker.add_slowly(1).await, Ok(1));
        assert_eq!(before.elapsed(), Duration::from_millis(3_001));
        assert_eq!(sim.faults(), 1);
    });
}

#[test]
fn c081_a_task_that_is_aborted_while_its_handler_waits_ends_its_actor() {
    Simulation::run(1, |sim| async move {
        let worker = sim.system().spawn(Worker::default());
        let ask = tokio::spawn(worker.add_slowly(60_000).timeout(Duration::from_secs(120)).owned().ask());
        while sim.steps(worker.pid()) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let down = worker.monitor();
        assert!(sim.abort(worker.pid()));
        assert_eq!(down.await.reason, ExitReason::Killed);
        assert_eq!(ask.await.expect("no panic"), Err(AskError::Crashed { reason: ExitReason::Killed }));
        assert!(!sim.abort(worker.pid()), "there is nothing left to drop");
    });
}

#[test]
fn the_test_can_add_lines_to_the_log() {
    Simulation::run(1, |sim| async move {
        sim.note("the storm begins");
        let worker = sim.system().start(Worker::default()).named("worker").await.expect("it starts");
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert_eq!(worker.add(1).await, Ok(1));
        let _ = worker.stop().await;
        let pid = worker.pid();
        let expected = [
            "    0.000000 the storm begins".to_owned(),
            format!("    0.000000 {pid} worker started, incarnation 1"),
            format!("    1.500000 {pid} worker handles simulation::WorkerMessage"),
            format!("    1.500000 {pid} worker incarnation 1 is over: shutdown"),
            format!("    1.500000 {pid} worker ended: shutdown"),
        ];
        let log = sim.take_log();
        let lines: Vec<_> = log.iter().map(ToString::to_string).collect();
        assert_eq!(lines, expected);
        assert!(sim.log().is_empty());
    });
}
