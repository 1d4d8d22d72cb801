//! What a supervisor can be asked at run time: C054 to C065.

use airssys_rt::prelude::*;
use airssys_rt::{Backoff, ChildCount, ProcessRole};
use tests::supervision::*;

/// A supervisor whose children wait an hour for a restart.
fn patient() -> airssys_rt::SupervisorBuilder {
    let hour = Duration::from_secs(3600);
    Supervisor::builder().backoff(Backoff::new(hour, hour).jitter(0.0))
}

/// Has a child fail and wait for its restart.
async fn restarting<S>(supervisor: &Supervised<S>, id: &str) {
    crash(&worker(supervisor, id).await).await;
    until_status(supervisor, id, Some(ChildStatus::Restarting)).await;
}

#[tokio::test(start_paused = true)]
async fn c054_c055_an_id_that_is_known_cannot_be_started_again() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["running", "stopped", "restarting"]);
        let supervisor = stage.supervise(with(patient(), &scripts)).await;
        supervisor.terminate_child("stopped").await.unwrap();
        restarting(&supervisor, "restarting").await;
        stage.log.take();
        let [running, stopped, restarting] = scripts;

        let pid = worker(&supervisor, "running").await.pid();
        let error = supervisor.start_child(running.spec()).await.unwrap_err();
        assert_eq!(error, StartError::AlreadyStarted { child: "running".into(), pid });
        for script in [&stopped, &restarting] {
            let error = supervisor.start_child(script.spec()).await.unwrap_err();
            assert_eq!(error, StartError::AlreadyPresent { child: script.id().into() });
        }
        settle().await;
        assert_eq!(stage.log.lines(), [""; 0]);
        assert_eq!(worker(&supervisor, "running").await.pid(), pid);
        assert_eq!(supervisor.count().await.unwrap().specs, 3);
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c056_terminating_an_unknown_child_is_an_error_and_a_stopped_one_fine() {
    bounded(async {
        let stage = Stage::new();
        let supervisor = stage.supervise(with(patient(), &stage.scripts(["a", "b"]))).await;
        let unknown = supervisor.terminate_child("nobody").await;
        assert_eq!(unknown, Err(ChildError::NotFound { child: "nobody".into() }));
        for _ in 0..3 {
            assert_eq!(supervisor.terminate_child("a").await, Ok(()));
            assert_eq!(status(&supervisor, "a").await, Some(ChildStatus::Stopped));
        }
        assert_eq!(stage.log.take(), ["a stops: shutdown", "a gone"]);
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c057_only_a_stopped_child_can_be_deleted() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["running", "stopped", "restarting"]);
        let supervisor = stage.supervise(with(patient(), &scripts)).await;
        supervisor.terminate_child("stopped").await.unwrap();
        restarting(&supervisor, "restarting").await;

        let delete = async |id: &str| supervisor.delete_child(id).await;
        assert_eq!(delete("running").await, Err(ChildError::Running { child: "running".into() }));
        assert_eq!(delete("restarting").await, Err(ChildError::Restarting { child: "restarting".into() }));
        assert_eq!(delete("nobody").await, Err(ChildError::NotFound { child: "nobody".into() }));
        assert_eq!(delete("stopped").await, Ok(()));
        assert_eq!(delete("stopped").await, Err(ChildError::NotFound { child: "stopped".into() }));
        assert_eq!(supervisor.count().await.unwrap().specs, 2);
        // The id is free.
        supervisor.start_child(scripts[1].spec()).await.unwrap();
        let order: Vec<_> = rows(&supervisor).await.into_iter().map(|(id, _)| id).collect();
        assert_eq!(order, ["running", "restarting", "stopped"]);
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c057_a_deleted_child_does_not_come_back_with_its_supervisor() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["a", "b"]);
        let spec = Supervisor::builder().plan(move |mut children| async move {
            let below = spec_of(with(Supervisor::builder(), &scripts));
            children.start(ChildSpec::supervisor("below", async move { Ok(below) })).await
        });
        let top = stage.system.start(spec).await.unwrap();
        let below: Supervised = (*top).clone();
        below.terminate_child("a").await.unwrap();
        below.delete_child("a").await.unwrap();
        stage.log.take();
        below.kill().await.unwrap();
        stage.log.until("b up").await;
        assert_eq!(rows(&below).await, [("b".to_owned(), ChildStatus::Running)]);
        assert_eq!(stage.log.take(), ["b gone", "b starts", "b up"]);
        top.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c058_only_a_stopped_child_can_be_restarted_and_its_failure_is_no_loop() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["running", "stopped", "restarting"]);
        let supervisor = stage.supervise(with(patient(), &scripts)).await;
        let reference = worker(&supervisor, "stopped").await;
        supervisor.terminate_child("stopped").await.unwrap();
        restarting(&supervisor, "restarting").await;
        stage.log.take();

        let restart = async |id: &str| supervisor.restart_child(id).await;
        assert_eq!(restart("running").await, Err(ChildError::Running { child: "running".into() }));
        assert_eq!(restart("restarting").await, Err(ChildError::Restarting { child: "restarting".into() }));
        assert_eq!(restart("nobody").await, Err(ChildError::NotFound { child: "nobody".into() }));

        for rise in [Rise::Fails, Rise::Panics, Rise::HandlerFails, Rise::HandlerPanics] {
            scripts[1].rises([rise.clone()]);
            let error = restart("stopped").await.unwrap_err();
            match rise {
                Rise::Fails | Rise::HandlerFails => {
                    assert!(matches!(&error, ChildError::Start(StartError::Failed { .. })), "{error:?}");
                }
                _ => assert!(matches!(&error, ChildError::Start(StartError::Panicked { .. })), "{error:?}"),
            }
            assert_eq!(status(&supervisor, "stopped").await, Some(ChildStatus::Stopped));
            tokio::time::sleep(Duration::from_secs(10)).await;
            assert_eq!(stage.log.count("stopped starts"), 1, "{rise:?}");
            stage.log.take();
        }
        // Neither these nor the next one count as restarts for the limit.
        assert_eq!(supervisor.health().await.unwrap().recent_restarts, 0);
        assert_eq!(restart("stopped").await, Ok(()));
        assert_eq!(worker(&supervisor, "stopped").await, reference);
        assert_eq!(reference.bump().await, Ok(1));
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c059_c060_every_child_has_its_row_and_its_place_in_the_count() {
    bounded(async {
        let stage = Stage::new();
        let [inner, last] = stage.scripts(["inner", "last"]);
        let below = spec_of(Supervisor::builder().child(inner.spec()));
        let builder = with(patient(), &stage.scripts(["running", "stopped", "restarting"]))
            .child(ChildSpec::supervisor("below", async move { Ok(below) }))
            .child(stage.script("pool").spec().pool(2));
        let supervisor = stage.supervise(builder).await;
        supervisor.start_child(last.spec().restart(RestartPolicy::Transient)).await.unwrap();
        supervisor.terminate_child("stopped").await.unwrap();
        restarting(&supervisor, "restarting").await;

        let children = supervisor.children().await.unwrap();
        let facts: Vec<_> =
            children.iter().map(|row| (&*row.id, row.status, row.role, row.restart)).collect();
        let (worker_role, permanent) = (ProcessRole::Worker, RestartPolicy::Permanent);
        let expected = [
            ("running", ChildStatus::Running, worker_role, permanent),
            ("stopped", ChildStatus::Stopped, worker_role, permanent),
            ("restarting", ChildStatus::Restarting, worker_role, permanent),
            ("below", ChildStatus::Running, ProcessRole::Supervisor, permanent),
            ("pool", ChildStatus::Running, worker_role, permanent),
            ("pool", ChildStatus::Running, worker_role, permanent),
            ("last", ChildStatus::Running, worker_role, RestartPolicy::Transient),
        ];
        assert_eq!(facts, expected);
        let running = worker(&supervisor, "running").await;
        assert_eq!((children[0].pid, children[0].incarnation), (running.pid(), 1));

        let count = supervisor.count().await.unwrap();
        let ChildCount { specs, active, supervisors, workers, .. } = count;
        assert_eq!((specs, active, supervisors, workers), (7, 5, 1, 6));
        let health = supervisor.health().await.unwrap();
        assert_eq!(
            (health.running, health.stopped, health.restarting, health.is_healthy()),
            (5, 1, 1, false)
        );

        // The order does not depend on what happened to whom.
        supervisor.restart_child("stopped").await.unwrap();
        tokio::time::sleep(Duration::from_secs(3601)).await;
        let order: Vec<_> = rows(&supervisor).await;
        let ids = ["running", "stopped", "restarting", "below", "pool", "pool", "last"];
        assert_eq!(order, ids.map(|id| (id.to_owned(), ChildStatus::Running)));
        assert!(supervisor.health().await.unwrap().is_healthy());
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c061_a_supervisor_that_has_ended_answers_at_once_that_it_has() {
    bounded(async {
        for how in ["stopped", "killed", "gave up"] {
            let stage = Stage::new();
            let script = stage.script("a");
            let first = script.clone();
            let spec =
                Supervisor::builder().max_restarts(0).child(first.spec()).plan(|mut children| async move {
                    children.start(ChildSpec::dynamic("pool", |script: Script| script.build())).await
                });
            let supervisor = stage.system.start(spec).await.unwrap();
            let child = worker(&supervisor, "a").await;
            let down = supervisor.monitor();
            match how {
                "stopped" => drop(supervisor.stop().await.unwrap()),
                "killed" => drop(supervisor.kill().await.unwrap()),
                _ => crash(&child).await,
            }
            down.await;
            let gone = ChildError::NoSupervisor;
            assert_eq!(supervisor.children().await, Err(gone.clone()), "{how}");
            assert_eq!(supervisor.count().await, Err(gone.clone()));
            assert_eq!(supervisor.health().await, Err(gone.clone()));
            assert_eq!(supervisor.terminate_child("a").await, Err(gone.clone()));
            assert_eq!(supervisor.restart_child("a").await, Err(gone.clone()));
            assert_eq!(supervisor.delete_child("a").await, Err(gone.clone()));
            assert_eq!(supervisor.terminate(child.pid()).await, Err(gone.clone()));
            assert_eq!(supervisor.members().await.unwrap_err(), gone);
            assert_eq!(supervisor.start_child(script.spec()).await.unwrap_err(), StartError::NoSupervisor);
            assert_eq!(supervisor.start(script.clone()).await.unwrap_err(), StartError::NoSupervisor);
            assert!(supervisor.child::<Worker>("a").await.is_none());
            stage.assert_nothing_left();
        }
    })
    .await;
}

/// A supervisor with one group of children that are started at run time.
async fn pool(
    stage: &Stage,
    builder: airssys_rt::SupervisorBuilder,
    restart: RestartPolicy,
    max: usize,
) -> Supervised<Children<Worker, Script>> {
    let spec = builder.plan(move |mut children| async move {
        let pool = ChildSpec::dynamic("pool", |script: Script| script.build());
        children.start(pool.restart(restart).max(max)).await
    });
    stage.system.start(spec).await.expect("the supervisor starts")
}

#[tokio::test(start_paused = true)]
async fn c062_only_an_own_live_child_can_be_terminated_by_its_id() {
    bounded(async {
        let stage = Stage::new();
        let supervisor = pool(&stage, Supervisor::builder(), RestartPolicy::Permanent, 10).await;
        let other = pool(&stage, Supervisor::builder(), RestartPolicy::Permanent, 10).await;
        let own = supervisor.start(stage.script("own")).await.unwrap();
        let foreign = other.start(stage.script("foreign")).await.unwrap();
        let single = stage.system.spawn(stage.script("single").build().await.unwrap());
        stage.log.until("single up").await;
        stage.log.take();

        for stranger in [foreign.pid(), single.pid(), other.pid(), supervisor.pid()] {
            let refused = supervisor.terminate(stranger).await;
            assert!(matches!(refused, Err(ChildError::NotFound { .. })), "{refused:?}");
        }
        assert_eq!((foreign.bump().await, single.bump().await), (Ok(1), Ok(1)));

        assert_eq!(supervisor.terminate(own.pid()).await, Ok(()));
        assert_eq!(stage.log.take(), ["own stops: shutdown", "own gone"]);
        assert!(supervisor.members().await.unwrap().is_empty());
        let again = supervisor.terminate(own.pid()).await;
        assert!(matches!(again, Err(ChildError::NotFound { .. })), "{again:?}");
        single.stop().await.unwrap();
        supervisor.stop().await.unwrap();
        other.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c062_a_dynamic_child_that_waits_for_its_restart_can_be_terminated() {
    bounded(async {
        let stage = Stage::new();
        let supervisor = pool(&stage, patient(), RestartPolicy::Permanent, 10).await;
        let own = supervisor.start(stage.script("own")).await.unwrap();
        crash(&own).await;
        until_status(&supervisor, "pool", Some(ChildStatus::Restarting)).await;
        supervisor.terminate(own.pid()).await.unwrap();
        assert_eq!(own.bump().await, Err(AskError::Stopped));
        tokio::time::sleep(Duration::from_secs(7200)).await;
        assert_eq!(stage.log.count("own starts"), 1);
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c062_terminating_a_dynamic_child_that_holds_up_its_group_lets_the_group_come_up() {
    bounded(async {
        let stage = Stage::new();
        let first = stage.script("first").spec();
        let last = stage.script("last").spec();
        let builder = Supervisor::builder().strategy(RestartStrategy::RestForOne).max_restarts(u32::MAX);
        let spec = builder.child(first).plan(move |mut children| async move {
            let pool = ChildSpec::dynamic("pool", |script: Script| script.build());
            let pool = children.start(pool).await?;
            children.start(last).await?;
            Ok(pool)
        });
        let supervisor = stage.system.start(spec).await.unwrap();
        let broken = stage.script("broken");
        let a = supervisor.start(broken.clone()).await.unwrap();
        let b = supervisor.start(stage.script("b")).await.unwrap();
        broken.always_rises(Rise::Fails);
        stage.log.take();
        crash(&worker(&supervisor, "first").await).await;
        stage.log.until_count("broken starts", 5).await;
        assert_eq!(status(&supervisor, "last").await, Some(ChildStatus::Restarting));
        supervisor.terminate(a.pid()).await.unwrap();
        stage.log.until("last up").await;
        assert_eq!(b.bump().await, Ok(1));
        assert_eq!(supervisor.members().await.unwrap(), [b]);
        assert!(rows(&supervisor).await.iter().all(|(_, status)| *status == ChildStatus::Running));
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c063_members_of_a_group_whose_restart_is_given_up_hold_no_place() {
    bounded(async {
        let stage = Stage::new();
        let first = stage.script("first");
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(1)).jitter(0.0);
        let builder = Supervisor::builder().strategy(RestartStrategy::OneForAll).max_restarts(u32::MAX);
        let spec = builder.backoff(backoff).child(first.spec()).plan(move |mut children| async move {
            let pool = ChildSpec::dynamic("pool", |script: Script| script.build());
            children.start(pool.max(1)).await
        });
        let supervisor = stage.system.start(spec).await.unwrap();
        supervisor.start(stage.script("member")).await.unwrap();
        first.always_rises(Rise::Fails);
        crash(&worker(&supervisor, "first").await).await;
        stage.log.until("member gone").await;
        // The group waits for its next try, and nobody makes one.
        supervisor.terminate_child("first").await.unwrap();
        assert_eq!(supervisor.members().await.unwrap(), []);
        supervisor.start(stage.script("another")).await.expect("there is a place");
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c063_a_restarting_child_keeps_its_place_among_the_most_there_may_be() {
    bounded(async {
        let stage = Stage::new();
        let supervisor = pool(&stage, patient(), RestartPolicy::Transient, 3).await;
        let mut all = Vec::new();
        for id in ["a", "b", "c"] {
            all.push(supervisor.start(stage.script(id)).await.unwrap());
        }
        let full = StartError::MaxChildren { max: 3 };
        assert_eq!(supervisor.start(stage.script("d")).await.unwrap_err(), full);
        crash(&all[0]).await;
        until_status(&supervisor, "pool", Some(ChildStatus::Restarting)).await;
        assert_eq!(supervisor.start(stage.script("d")).await.unwrap_err(), full);
        assert_eq!(stage.log.count("d starts"), 0);
        assert_eq!(supervisor.members().await.unwrap().len(), 3);

        // An end for good makes room, whoever decided it.
        all[1].finish().await.unwrap_or(());
        eventually("there is room", async || supervisor.members().await.unwrap().len() == 2).await;
        supervisor.start(stage.script("d")).await.unwrap();
        assert_eq!(supervisor.start(stage.script("e")).await.unwrap_err(), full);
        supervisor.terminate(all[2].pid()).await.unwrap();
        // A start that fails takes no place.
        let broken = stage.script("broken");
        broken.rises([Rise::Fails, Rise::Ignored]);
        supervisor.start(broken.clone()).await.unwrap_err();
        supervisor.start(broken).await.unwrap_err();
        supervisor.start(stage.script("e")).await.unwrap();
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c064_a_dynamic_child_that_ignores_its_restart_is_dropped() {
    bounded(async {
        let stage = Stage::new();
        let supervisor = pool(&stage, Supervisor::builder(), RestartPolicy::Permanent, 2).await;
        let script = stage.script("a");
        let a = supervisor.start(script.clone()).await.unwrap();
        let b = supervisor.start(stage.script("b")).await.unwrap();
        script.always_rises(Rise::Ignored);
        let down = a.monitor();
        crash(&a).await;
        down.await;
        eventually("it is dropped", async || supervisor.members().await.unwrap() == [b.clone()]).await;
        assert_eq!(supervisor.count().await.unwrap().specs, 1);
        supervisor.start(stage.script("c")).await.unwrap();
        assert_eq!(supervisor.stop().await, Ok(ExitReason::Shutdown));
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c064_a_dynamic_child_that_ignores_the_restart_of_its_group_is_dropped() {
    bounded(async {
        let stage = Stage::new();
        let builder =
            Supervisor::builder().strategy(RestartStrategy::OneForAll).child(stage.script("first").spec());
        let supervisor = pool(&stage, builder, RestartPolicy::Permanent, 2).await;
        let script = stage.script("a");
        let a = supervisor.start(script.clone()).await.unwrap();
        let b = supervisor.start(stage.script("b")).await.unwrap();
        script.always_rises(Rise::Ignored);
        stage.log.take();
        crash(&worker(&supervisor, "first").await).await;
        stage.log.until("b up").await;
        eventually("it is dropped", async || supervisor.members().await.unwrap() == [b.clone()]).await;
        assert_eq!(a.bump().await, Err(AskError::Stopped));
        assert_eq!(supervisor.stop().await, Ok(ExitReason::Shutdown));
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c065_ten_thousand_children_start_end_and_stop() {
    bounded(async {
        let stage = Stage::new();
        let supervisor = pool(&stage, Supervisor::builder(), RestartPolicy::Temporary, usize::MAX).await;
        let script = stage.script("child");
        let mut all = Vec::new();
        for _ in 0..10_000 {
            all.push(supervisor.start(script.clone()).await.unwrap());
        }
        assert_eq!(supervisor.count().await.unwrap().active, 10_000);
        // All at once by themselves, but for some that are terminated and some that are stopped with the supervisor.
        for child in &all[..8_000] {
            child.finish().try_tell().unwrap();
        }
        for child in &all[8_000..9_000] {
            supervisor.terminate(child.pid()).await.unwrap();
        }
        eventually("they are gone", async || stage.system.counters().processes == 1_001).await;
        assert_eq!(supervisor.count().await.unwrap().specs, 1_000);
        assert_eq!(supervisor.stop().await, Ok(ExitReason::Shutdown));
        assert_eq!(stage.gone().len(), 10_000);
        stage.assert_nothing_left();
    })
    .await;
}
