//! An actor without handlers of its own for start, stop and failures is restarted on the turn in which it crashed.
//! Nobody can tell, but by speed: C018, C031, C034, C036, C092 and C099 hold as on the long way.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use airssys_rt::SupervisorBuilder;
use airssys_rt::prelude::*;
use tests::supervision::{Door, bounded, eventually};

/// How a start goes.
#[derive(Clone)]
enum Rise {
    Waits(Door),
    Errs,
    Panics,
}

/// The starts that do not just succeed, in order; how often it was tried.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<(VecDeque<Option<Rise>>, u32)>>);

impl Script {
    fn of(rises: impl IntoIterator<Item = Option<Rise>>) -> Self {
        Self(Arc::new(Mutex::new((rises.into_iter().collect(), 0))))
    }

    fn tries(&self) -> u32 {
        self.0.lock().unwrap().1
    }

    async fn rise(self) -> ActorResult<Till> {
        let next = {
            let mut script = self.0.lock().unwrap();
            script.1 += 1;
            script.0.pop_front().flatten()
        };
        match next {
            None => {}
            Some(Rise::Waits(door)) => door.pass().await,
            Some(Rise::Errs) => return Err(ActorError::msg("not today")),
            Some(Rise::Panics) => panic!("no start"),
        }
        Ok(Till::default())
    }

    fn spec(&self) -> ChildSpec<Till> {
        let script = self.clone();
        ChildSpec::new("till", move || script.clone().rise())
    }
}

#[actor]
#[derive(Default)]
struct Till {
    notes: Vec<u32>,
}

#[handlers]
impl Till {
    #[handler]
    fn note(&mut self, number: u32) -> Vec<u32> {
        self.notes.push(number);
        self.notes.clone()
    }

    #[handler]
    fn boom(&mut self) {
        panic!("boom");
    }

    #[handler]
    fn go_wrong(&mut self) -> ActorResult<()> {
        Err(ActorError::msg("gone wrong"))
    }
}

async fn hire(builder: SupervisorBuilder, spec: ChildSpec<Till>) -> (System, Supervised<()>, ActorRef<Till>) {
    let system = System::new("test");
    let supervisor = system.start(builder.child(spec)).await.unwrap();
    let till = supervisor.child("till").await.unwrap();
    (system, supervisor, till)
}

fn boom() -> AskError {
    AskError::Crashed { reason: ExitReason::Panicked { message: "boom".into() } }
}

#[tokio::test(start_paused = true)]
async fn c018_c099_who_asked_for_the_crash_is_told_and_the_next_ask_finds_a_fresh_state() {
    bounded(async {
        let script = Script::default();
        let (system, supervisor, till) = hire(Supervisor::builder().max_restarts(10), script.spec()).await;
        for round in 1..=5 {
            assert_eq!(till.note(round).await, Ok(vec![round]));
            assert_eq!(till.process().incarnation(), 2 * round - 1);
            assert_eq!(till.boom().await, Err(boom()));
            assert_eq!(till.note(0).await, Ok(vec![0]));
            assert_eq!(till.process().incarnation(), 2 * round);
            let gone = AskError::Failed { message: "gone wrong".into() };
            assert_eq!(till.go_wrong().await, Err(gone));
        }
        // A start that took long by the clock is followed by one that the supervisor waits for: so asked first, then looked.
        assert_eq!(till.note(7).await, Ok(vec![7]));
        assert_eq!((till.process().incarnation(), script.tries(), till.process().restarts()), (11, 11, 10));
        let counters = system.counters();
        assert_eq!((counters.restarts, counters.failures, counters.lost_in_hand), (10, 10, 10));
        assert_eq!(supervisor.health().await.unwrap().recent_restarts, 10);
        system.shutdown().await;
        let counters = system.counters();
        assert_eq!(counters.accepted, counters.handled + counters.lost_in_hand + counters.dead_lettered);
        assert_eq!((counters.processes, counters.names), (0, 0));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c092_what_is_queued_behind_a_crash_is_handled_in_order_by_the_next_incarnation() {
    bounded(async {
        let (system, _supervisor, till) = hire(Supervisor::builder(), Script::default().spec()).await;
        for number in 1..=2 {
            till.note(number).tell().await.unwrap();
        }
        till.boom().tell().await.unwrap();
        for number in 3..=5 {
            till.note(number).tell().await.unwrap();
        }
        assert_eq!(till.note(6).await, Ok(vec![3, 4, 5, 6]));
        assert_eq!(system.counters().lost_in_hand, 1);
        system.shutdown().await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c031_the_restart_that_is_one_too_many_ends_the_supervisor() {
    bounded(async {
        let (system, supervisor, till) =
            hire(Supervisor::builder().max_restarts(2), Script::default().spec()).await;
        for _ in 0..3 {
            assert_eq!(till.boom().await, Err(boom()));
        }
        assert_eq!(supervisor.process().wait().await, ExitReason::Shutdown);
        assert_eq!(till.process().wait().await, ExitReason::Panicked { message: "boom".into() });
        assert_eq!(till.note(1).await, Err(AskError::Stopped));
        assert_eq!((system.counters().restarts, system.counters().processes), (2, 0));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c034_a_restart_that_fails_is_tried_again_and_each_try_counts() {
    bounded(async {
        let script = Script::of([None, Some(Rise::Errs), Some(Rise::Panics), None]);
        let (system, supervisor, till) = hire(Supervisor::builder(), script.spec()).await;
        assert_eq!(till.boom().await, Err(boom()));
        assert_eq!(till.note(1).await, Ok(vec![1]));
        assert_eq!((script.tries(), supervisor.health().await.unwrap().recent_restarts), (4, 3));
        system.shutdown().await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c036_a_restart_that_waits_is_finished_before_the_supervisor_does_anything_else() {
    bounded(async {
        let door = Door::default();
        let script = Script::of([None, Some(Rise::Waits(door.clone()))]);
        let (system, supervisor, till) = hire(Supervisor::builder(), script.spec()).await;
        assert_eq!(till.boom().await, Err(boom()));
        let asked = tokio::spawn({
            let till = till.clone();
            async move { till.note(1).await }
        });
        eventually("the second start", async || script.tries() == 2).await;
        door.open();
        let rows = supervisor.children().await.unwrap();
        assert_eq!((rows[0].status, rows[0].incarnation), (ChildStatus::Running, 2));
        assert_eq!(asked.await.unwrap(), Ok(vec![1]));
        system.shutdown().await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c042_c043_a_stop_that_meets_a_restart_that_waits_ends_it_in_time() {
    bounded(async {
        let script = Script::of([None, Some(Rise::Waits(Door::default()))]);
        let (system, supervisor, till) = hire(Supervisor::builder(), script.spec()).await;
        assert_eq!(till.boom().await, Err(boom()));
        eventually("the second start", async || script.tries() == 2).await;
        let report = system.shutdown().await;
        assert!(report.leaked.is_empty());
        assert!(!supervisor.process().is_alive() && !till.process().is_alive());
        assert_eq!(till.note(1).await, Err(AskError::Stopped));
        assert_eq!(system.counters().processes, 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c015_a_temporary_child_that_crashes_is_forgotten_on_the_spot() {
    bounded(async {
        let spec = Script::default().spec().restart(RestartPolicy::Temporary).named("till");
        let (system, supervisor, till) = hire(Supervisor::builder(), spec).await;
        assert_eq!(till.boom().await, Err(boom()));
        assert_eq!(till.process().wait().await, ExitReason::Panicked { message: "boom".into() });
        assert!(supervisor.children().await.unwrap().is_empty() && system.lookup::<Till>("till").is_none());
        assert_eq!(till.process().child_id().as_deref(), Some("till"), "what it was called is still known");
        system.shutdown().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c028_c082_many_who_crash_it_and_many_who_ask_it_find_one_incarnation_at_a_time() {
    bounded(async {
        let script = Script::default();
        let (system, supervisor, till) =
            hire(Supervisor::builder().max_restarts(u32::MAX), script.spec()).await;
        let tasks: Vec<_> = (0..4_u32)
            .map(|who| {
                let till = till.clone();
                tokio::spawn(async move {
                    for round in 0..200 {
                        match (round + who) % 4 {
                            0 => assert_eq!(till.boom().await, Err(boom())),
                            1 => till.boom().tell().await.unwrap(),
                            _ => assert_eq!(
                                till.note(who).await.map(|notes| notes.last().copied()),
                                Ok(Some(who))
                            ),
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert!(till.note(9).await.unwrap().ends_with(&[9]));
        supervisor.stop().await.unwrap();
        let counters = system.counters();
        assert_eq!((counters.restarts, script.tries(), counters.failures), (400, 401, 400));
        assert_eq!(counters.accepted, counters.handled + counters.lost_in_hand + counters.dead_lettered);
    })
    .await;
}
