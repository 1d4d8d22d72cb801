//! Which ends of a child are followed by a restart, and what a restart keeps: C011 to C019.

use std::sync::Arc;

use airssys_rt::prelude::*;
use tests::supervision::*;

/// The ways a child can end.
const ENDS: [&str; 6] = ["normal", "shutdown", "shutdown: done", "failed", "panicked", "killed"];

/// Ends a worker; says whether the end is a failure.
async fn end(worker: &ActorRef<Worker>, how: &str) -> bool {
    match how {
        "normal" => worker.finish().await.unwrap_or(()),
        "shutdown" => drop(worker.stop().await),
        "shutdown: done" => worker.finish_with("done".to_owned()).await.unwrap_or(()),
        "failed" => assert!(matches!(worker.go_wrong().await, Err(AskError::Failed { .. }))),
        "panicked" => crash(worker).await,
        "killed" => drop(worker.kill().await),
        other => panic!("{other}"),
    }
    matches!(how, "failed" | "panicked" | "killed")
}

#[tokio::test(start_paused = true)]
async fn c011_a_permanent_child_is_restarted_after_every_end() {
    bounded(async {
        let stage = Stage::new();
        let [a, b] = stage.scripts(["a", "b"]);
        let supervisor = stage.supervise(with(Supervisor::builder().max_restarts(10), &[a, b])).await;
        let a = worker(&supervisor, "a").await;
        for (round, how) in (2..).zip(ENDS) {
            end(&a, how).await;
            stage.log.until_count("a up", round as usize - 1).await;
            until_status(&supervisor, "a", Some(ChildStatus::Running)).await;
            assert_eq!(a.process().incarnation(), round, "after {how}");
            assert_eq!(a.bump().await, Ok(1));
        }
        assert_eq!(supervisor.health().await.unwrap().recent_restarts, 6);
        // The stop handler ran for every end but the panic and the kill, with its reason.
        let stops: Vec<_> = stage.log.lines().into_iter().filter(|line| line.contains("stops")).collect();
        let expected = [
            "a stops: normal",
            "a stops: shutdown",
            "a stops: shutdown: done",
            "a stops: failed: gone wrong",
        ];
        assert_eq!(stops, expected);
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c012_c013_a_transient_child_stays_down_after_an_orderly_end_and_can_be_restarted() {
    bounded(async {
        for how in &ENDS[..3] {
            let stage = Stage::new();
            let [a, b] = stage.scripts(["a", "b"]);
            let builder =
                Supervisor::builder().child(a.spec().restart(RestartPolicy::Transient)).child(b.spec());
            let supervisor = stage.supervise(builder).await;
            let a = worker(&supervisor, "a").await;
            let down = a.monitor();
            end(&a, how).await;
            assert_eq!(down.await.reason.to_string(), *how);
            until_status(&supervisor, "a", Some(ChildStatus::Stopped)).await;
            tokio::time::sleep(Duration::from_secs(10)).await;
            assert_eq!(stage.log.count("a starts"), 0, "after {how}");
            assert_eq!(supervisor.health().await.unwrap().recent_restarts, 0);
            assert_eq!(a.bump().await, Err(AskError::Stopped));

            supervisor.restart_child("a").await.unwrap();
            assert_eq!(status(&supervisor, "a").await, Some(ChildStatus::Running));
            assert_eq!(worker(&supervisor, "a").await.bump().await, Ok(1));
            supervisor.stop().await.unwrap();
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c014_a_transient_child_is_restarted_after_a_failure() {
    bounded(async {
        for how in &ENDS[3..] {
            let stage = Stage::new();
            let a = stage.script("a");
            let builder = Supervisor::builder().child(a.spec().restart(RestartPolicy::Transient));
            let supervisor = stage.supervise(builder).await;
            let a = worker(&supervisor, "a").await;
            assert!(end(&a, how).await);
            stage.log.until("a up").await;
            assert_eq!(status(&supervisor, "a").await, Some(ChildStatus::Running));
            assert_eq!((a.process().incarnation(), a.bump().await), (2, Ok(1)), "after {how}");
            supervisor.stop().await.unwrap();
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c015_a_temporary_child_is_forgotten_after_every_end() {
    bounded(async {
        for how in ENDS {
            let stage = Stage::new();
            let [a, b] = stage.scripts(["a", "b"]);
            let temporary = || a.spec().restart(RestartPolicy::Temporary);
            let supervisor = stage.supervise(Supervisor::builder().child(temporary()).child(b.spec())).await;
            for _ in 0..2 {
                let a = worker(&supervisor, "a").await;
                end(&a, how).await;
                until_status(&supervisor, "a", None).await;
                tokio::time::sleep(Duration::from_secs(10)).await;
                assert_eq!(stage.log.count("a starts"), 0, "after {how}");
                assert_eq!(supervisor.count().await.unwrap().specs, 1);
                // The id can be used again.
                supervisor.start_child(temporary()).await.unwrap();
                stage.log.take();
            }
            assert_eq!(supervisor.health().await.unwrap().recent_restarts, 0);
            supervisor.stop().await.unwrap();
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c016_a_temporary_bystander_of_a_group_restart_is_stopped_and_forgotten() {
    bounded(async {
        for strategy in [RestartStrategy::OneForAll, RestartStrategy::RestForOne] {
            let stage = Stage::new();
            let [a, b, c] = stage.scripts(["a", "b", "c"]);
            let builder = Supervisor::builder()
                .strategy(strategy)
                .child(a.spec())
                .child(b.spec().restart(RestartPolicy::Temporary))
                .child(c.spec());
            let supervisor = stage.supervise(builder).await;
            let bystander = worker(&supervisor, "b").await;
            let down = bystander.monitor();
            crash(&worker(&supervisor, "a").await).await;
            stage.log.until("c up").await;
            assert_eq!(down.await.reason, ExitReason::Shutdown);
            let running = |id: &str| (id.to_owned(), ChildStatus::Running);
            assert_eq!(rows(&supervisor).await, [running("a"), running("c")]);
            let expected = [
                "a gone",
                "c stops: shutdown",
                "c gone",
                "b stops: shutdown",
                "b gone",
                "a starts",
                "a up",
                "c starts",
                "c up",
            ];
            assert_eq!(stage.log.take(), expected);
            assert_eq!(supervisor.process().status(), ProcessStatus::Waiting);
            supervisor.stop().await.unwrap();
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c038_a_declared_temporary_child_that_comes_back_with_its_supervisor_has_not_ended() {
    bounded(async {
        let stage = Stage::new();
        let [a, t] = stage.scripts(["a", "t"]);
        let (first, temporary) = (a.spec(), t.spec().restart(RestartPolicy::Temporary));
        let spec = Supervisor::builder().strategy(RestartStrategy::OneForAll).child(first);
        let spec = spec.plan(move |mut children| async move {
            let below = spec_of(Supervisor::builder().child(temporary));
            children.start(ChildSpec::supervisor("below", async move { Ok(below) })).await
        });
        let top = stage.system.start(spec).await.unwrap();
        let t = worker(&*top, "t").await;
        let monitor = t.monitor();
        stage.log.take();
        crash(&worker(&top, "a").await).await;
        stage.log.until("t up").await;
        assert!(tokio::time::timeout(Duration::from_secs(9), monitor).await.is_err(), "it lives again");
        assert_eq!(t.bump().await.unwrap(), 1);
        top.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c038_declared_children_come_back_in_their_order_whoever_of_them_had_ended() {
    bounded(async {
        let stage = Stage::new();
        let [a, x, t, y] = stage.scripts(["a", "x", "t", "y"]);
        let (first, temporary) = (a.spec(), t.spec().restart(RestartPolicy::Temporary));
        let below = Supervisor::builder().child(x.spec()).child(temporary).child(y.spec());
        let spec = Supervisor::builder().strategy(RestartStrategy::OneForAll).child(first);
        let spec = spec.plan(move |mut children| async move {
            let below = spec_of(below);
            children.start(ChildSpec::supervisor("below", async move { Ok(below) })).await
        });
        let top = stage.system.start(spec).await.unwrap();
        worker(&*top, "t").await.finish().await.unwrap();
        until_status(&*top, "t", None).await;
        stage.log.take();
        crash(&worker(&top, "a").await).await;
        until_status(&*top, "y", Some(ChildStatus::Running)).await;
        let ups: Vec<_> = stage.log.lines().into_iter().filter(|line| line.ends_with(" up")).collect();
        assert_eq!(ups, ["a up", "x up", "t up", "y up"]);
        top.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c017_terminate_child_stops_without_a_restart_and_forgets_only_the_temporary() {
    bounded(async {
        let stage = Stage::new();
        let [a, b, c] = stage.scripts(["a", "b", "c"]);
        let builder = Supervisor::builder()
            .max_restarts(0)
            .child(a.spec())
            .child(b.spec().restart(RestartPolicy::Transient))
            .child(c.spec().restart(RestartPolicy::Temporary));
        let supervisor = stage.supervise(builder).await;
        for (id, after) in [("a", Some(ChildStatus::Stopped)), ("b", Some(ChildStatus::Stopped)), ("c", None)]
        {
            let child = worker(&supervisor, id).await;
            let down = child.monitor();
            supervisor.terminate_child(id).await.unwrap();
            assert_eq!(stage.log.take(), [format!("{id} stops: shutdown"), format!("{id} gone")]);
            assert_eq!(down.await.reason, ExitReason::Shutdown);
            assert_eq!(status(&supervisor, id).await, after);
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(stage.log.take(), [""; 0]);
        assert_eq!(supervisor.health().await.unwrap().recent_restarts, 0);
        assert_eq!(stage.system.counters().restarts, 0);
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c018_a_restart_builds_the_state_anew_under_the_same_reference() {
    bounded(async {
        let stage = Stage::new();
        let a = stage.script("a");
        let supervisor = stage.supervise(Supervisor::builder().child(a.spec().named("worker"))).await;
        let a = worker(&supervisor, "a").await;
        for expected in 1..=3 {
            assert_eq!(a.bump().await, Ok(expected));
        }
        let pid = a.pid();
        crash_and_wait(&a).await;
        assert_eq!(stage.log.take(), ["a gone", "a starts", "a up"]);
        assert_eq!((a.pid(), a.process().incarnation(), a.process().restarts()), (pid, 2, 1));
        assert_eq!(a.bump().await, Ok(1));
        assert_eq!(stage.system.lookup::<Worker>("worker"), Some(a.clone()));
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

/// An argument whose owners can be counted.
#[derive(Clone)]
struct Luggage(#[allow(dead_code, reason = "it is held")] Arc<()>);

#[actor]
struct Porter;

#[handlers]
impl Porter {
    #[handler]
    fn finish(&mut self, ctx: &mut Context<Self>) {
        ctx.stop();
    }

    #[handler]
    fn is_there(&mut self) -> bool {
        true
    }
}

#[tokio::test(start_paused = true)]
async fn c019_nothing_of_a_temporary_child_is_held_after_its_start() {
    bounded(async {
        let stage = Stage::new();
        let counted = Arc::new(());
        let spec = Supervisor::builder().plan(|mut children| async move {
            let porters = ChildSpec::dynamic("porters", |luggage: Luggage| async move {
                drop(luggage);
                Ok(Porter)
            });
            children.start(porters.restart(RestartPolicy::Temporary)).await
        });
        let supervisor = stage.system.start(spec).await.unwrap();
        let dynamic = supervisor.start(Luggage(counted.clone())).await.unwrap();
        assert_eq!(Arc::strong_count(&counted), 1);
        let luggage = Luggage(counted.clone());
        let spec = ChildSpec::new("porter", move || {
            let _held = luggage.clone();
            async { Ok(Porter) }
        });
        let added = supervisor.start_child(spec.restart(RestartPolicy::Temporary)).await.unwrap();
        assert_eq!(Arc::strong_count(&counted), 1);
        assert_eq!((dynamic.is_there().await, added.is_there().await), (Ok(true), Ok(true)));
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c019_nothing_of_a_child_is_held_after_its_terminal_end() {
    bounded(async {
        let stage = Stage::new();
        let counted = Arc::new(());
        let spec = Supervisor::builder().plan(|mut children| async move {
            let porters = ChildSpec::dynamic("porters", |luggage: Luggage| async move {
                drop(luggage);
                Ok(Porter)
            });
            children.start(porters.restart(RestartPolicy::Transient)).await
        });
        let supervisor = stage.system.start(spec).await.unwrap();
        let make = |restart| {
            let luggage = Luggage(counted.clone());
            let spec = ChildSpec::new("porter", move || {
                let _held = luggage.clone();
                async { Ok(Porter) }
            });
            spec.restart(restart)
        };

        // A dynamic child that ends normally.
        let porter = supervisor.start(Luggage(counted.clone())).await.unwrap();
        let weak = porter.downgrade();
        assert_eq!(Arc::strong_count(&counted), 2);
        porter.finish().await.unwrap_or(());
        drop(porter);
        eventually("its argument is let go", async || Arc::strong_count(&counted) == 1).await;
        assert!(weak.upgrade().is_none());
        assert!(supervisor.members().await.unwrap().is_empty());

        // A dynamic child that is terminated.
        let porter = supervisor.start(Luggage(counted.clone())).await.unwrap();
        supervisor.terminate(porter.pid()).await.unwrap();
        assert_eq!(Arc::strong_count(&counted), 1);

        // A temporary one that ends, and permanent ones that are deleted.
        let porter = supervisor.start_child(make(RestartPolicy::Temporary)).await.unwrap();
        porter.finish().await.unwrap_or(());
        until_status(&supervisor, "porter", None).await;
        assert_eq!(Arc::strong_count(&counted), 1);
        let porter = supervisor.start_child(make(RestartPolicy::Permanent)).await.unwrap();
        assert_eq!(Arc::strong_count(&counted), 2);
        supervisor.terminate_child("porter").await.unwrap();
        supervisor.delete_child("porter").await.unwrap();
        assert_eq!(Arc::strong_count(&counted), 1);
        drop(porter);

        // Everything, with the supervisor itself.
        supervisor.start(Luggage(counted.clone())).await.unwrap();
        supervisor.start_child(make(RestartPolicy::Permanent)).await.unwrap();
        assert_eq!(Arc::strong_count(&counted), 3);
        supervisor.stop().await.unwrap();
        assert_eq!(Arc::strong_count(&counted), 1);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_escalated_failure_is_the_failure_of_the_supervisor() {
    bounded(async {
        let stage = Stage::new();
        let [outer, a, b] = stage.scripts(["outer", "a", "b"]);
        a.on_error(ErrorAction::Escalate);
        let spec = Supervisor::builder().child(outer.spec()).plan(move |mut children| async move {
            let below = spec_of(with(Supervisor::builder(), &[a, b]));
            let below = ChildSpec::supervisor("below", async move { Ok(below) });
            children.start(below.restart(RestartPolicy::Transient)).await
        });
        let top = stage.system.start(spec).await.unwrap();
        let below: Supervised = (*top).clone();
        let (a, b) = (worker(&below, "a").await, worker(&below, "b").await);
        stage.log.take();
        assert!(matches!(a.go_wrong().await, Err(AskError::Failed { .. })));
        stage.log.until("b up").await;
        let expected = [
            "a stops: failed: gone wrong",
            "a gone",
            "b stops: shutdown",
            "b gone",
            "a starts",
            "a up",
            "b starts",
            "b up",
        ];
        assert_eq!(stage.log.take(), expected);
        // The one above counted one restart, and everybody kept their references.
        assert_eq!(top.health().await.unwrap().recent_restarts, 1);
        assert_eq!((a.bump().await, b.bump().await), (Ok(1), Ok(1)));
        assert_eq!(worker(&top, "outer").await.process().incarnation(), 1);

        // With nobody above, it is the end.
        let c = stage.script("c");
        c.on_error(ErrorAction::Escalate);
        let alone = stage.supervise(Supervisor::builder().child(c.spec())).await;
        let down = alone.monitor();
        crash(&worker(&alone, "c").await).await;
        assert!(matches!(down.await.reason, ExitReason::Panicked { .. }));
        top.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}
