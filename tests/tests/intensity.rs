//! How many restarts are too many, what giving up means for the tree, and delays: C031 to C041.

use airssys_rt::SupervisorBuilder;
use airssys_rt::prelude::*;
use tests::supervision::*;

fn limit(max: u32, within: Duration) -> SupervisorBuilder {
    Supervisor::builder().max_restarts(max).within(within)
}

const P: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn c031_the_failure_after_the_last_allowed_restart_ends_the_supervisor() {
    bounded(async {
        for strategy in [RestartStrategy::OneForOne, RestartStrategy::OneForAll, RestartStrategy::RestForOne]
        {
            let stage = Stage::new();
            let scripts = stage.scripts(["a", "b", "c"]);
            let supervisor = stage.supervise(with(limit(3, P).strategy(strategy), &scripts)).await;
            let c = worker(&supervisor, "c").await;
            for _ in 0..3 {
                crash_and_wait(&c).await;
            }
            assert_eq!(c.process().incarnation(), 4);
            stage.log.take();
            let down = supervisor.monitor();
            crash(&c).await;
            assert_eq!(down.await.reason, ExitReason::Shutdown, "{strategy:?}");
            let expected = ["c gone", "b stops: shutdown", "b gone", "a stops: shutdown", "a gone"];
            assert_eq!(stage.log.take(), expected, "{strategy:?}");
            let last = c.process().exit_reason();
            assert!(matches!(last, Some(ExitReason::Panicked { .. })), "{last:?}");
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c031_children_started_at_run_time_have_the_same_limit() {
    bounded(async {
        let stage = Stage::new();
        let spec = limit(2, P).plan(|mut children| async move {
            children.start(ChildSpec::dynamic("pool", |script: Script| script.build())).await
        });
        let supervisor = stage.system.start(spec).await.unwrap();
        let one = supervisor.start(stage.script("one")).await.unwrap();
        let two = supervisor.start(stage.script("two")).await.unwrap();
        crash_and_wait(&one).await;
        crash_and_wait(&two).await;
        let down = supervisor.monitor();
        crash(&one).await;
        assert_eq!(down.await.reason, ExitReason::Shutdown);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c032_failures_further_apart_than_the_window_never_trip_the_limit() {
    bounded(async {
        let stage = Stage::new();
        let supervisor = stage.supervise(with(limit(1, P), &stage.scripts(["a"]))).await;
        let a = worker(&supervisor, "a").await;
        for _ in 0..20 {
            crash_and_wait(&a).await;
            tokio::time::sleep(P + Duration::from_millis(1)).await;
        }
        assert_eq!(a.process().restarts(), 20);
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c032_each_restart_ages_out_by_itself() {
    bounded(async {
        let stage = Stage::new();
        let supervisor = stage.supervise(with(limit(2, P), &stage.scripts(["a"]))).await;
        let a = worker(&supervisor, "a").await;
        // One every three seconds: never more than two in five, though no five seconds are quiet.
        for _ in 0..20 {
            crash_and_wait(&a).await;
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
        // After 0 s and 4 s, at 6 s only the second one is left; a tumbling window would have forgotten it, too.
        tokio::time::sleep(P * 2).await;
        crash_and_wait(&a).await;
        tokio::time::sleep(Duration::from_secs(4)).await;
        crash_and_wait(&a).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        crash_and_wait(&a).await;
        assert_eq!(supervisor.health().await.unwrap().recent_restarts, 2);
        let down = supervisor.monitor();
        crash(&a).await;
        assert_eq!(down.await.reason, ExitReason::Shutdown);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c033_a_limit_of_zero_allows_no_restart() {
    bounded(async {
        let stage = Stage::new();
        let supervisor = stage.supervise(with(limit(0, P), &stage.scripts(["a", "b"]))).await;
        let down = supervisor.monitor();
        crash(&worker(&supervisor, "a").await).await;
        assert_eq!(down.await.reason, ExitReason::Shutdown);
        assert_eq!(stage.log.take(), ["a gone", "b stops: shutdown", "b gone"]);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c034_a_restart_that_fails_is_tried_again_until_the_limit_ends_it() {
    bounded(async {
        for rise in [Rise::Fails, Rise::Panics, Rise::HandlerFails, Rise::HandlerPanics] {
            let stage = Stage::new();
            let scripts = stage.scripts(["a", "b"]);
            let supervisor = stage.supervise(with(limit(4, P), &scripts)).await;
            let a = worker(&supervisor, "a").await;
            // Some attempts in vain, and then it is up again, each counted.
            scripts[0].rises([rise.clone(), rise.clone()]);
            crash(&a).await;
            stage.log.until("a up").await;
            assert_eq!(supervisor.health().await.unwrap().recent_restarts, 3);
            tokio::time::sleep(P * 2).await;

            // Only attempts in vain.
            stage.log.take();
            scripts[0].always_rises(rise.clone());
            let down = supervisor.monitor();
            crash(&a).await;
            assert_eq!(down.await.reason, ExitReason::Shutdown);
            assert_eq!(stage.log.count("a starts"), 4, "{rise:?}");
            assert_eq!(stage.log.count("b stops: shutdown"), 1);
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c034_a_restart_that_takes_too_long_is_one_that_fails() {
    bounded(async {
        let stage = Stage::new();
        let [a, b] = stage.scripts(["a", "b"]);
        let builder = limit(3, Duration::from_secs(60))
            .child(a.spec().start_timeout(Duration::from_secs(1)).named("a"))
            .child(b.spec());
        let supervisor = stage.supervise(builder).await;
        let reference = worker(&supervisor, "a").await;
        a.rises([Rise::Hangs, Rise::Takes(Duration::from_secs(5))]);
        let crashed = tokio::time::Instant::now();
        crash(&reference).await;
        stage.log.until("a up").await;
        assert_eq!(crashed.elapsed(), Duration::from_secs(2));
        assert_eq!(reference.bump().await, Ok(1));
        assert_eq!(stage.system.lookup::<Worker>("a"), Some(reference.clone()));
        assert_eq!(supervisor.health().await.unwrap().recent_restarts, 3);
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert_eq!(stage.log.count("a up"), 1);
        let down = supervisor.monitor();
        crash(&reference).await;
        assert_eq!(down.await.reason, ExitReason::Shutdown);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c035_the_budget_belongs_to_the_supervisor() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["a", "b", "c", "d", "e"]);
        let supervisor = stage.supervise(with(limit(2, P), &scripts)).await;
        crash_and_wait(&worker(&supervisor, "a").await).await;
        crash_and_wait(&worker(&supervisor, "b").await).await;
        let down = supervisor.monitor();
        crash(&worker(&supervisor, "c").await).await;
        assert_eq!(down.await.reason, ExitReason::Shutdown);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c036_a_loop_of_failing_restarts_leaves_room_for_requests() {
    bounded(async {
        for strategy in [RestartStrategy::OneForOne, RestartStrategy::OneForAll, RestartStrategy::RestForOne]
        {
            let stage = Stage::new();
            let scripts = stage.scripts(["a", "b"]);
            let builder = limit(u32::MAX, P).strategy(strategy);
            let supervisor = stage.supervise(with(builder, &scripts)).await;
            let a = worker(&supervisor, "a").await;
            let looping = async || {
                scripts[0].always_rises(Rise::Fails);
                stage.log.take();
                crash(&a).await;
                stage.log.until_count("a starts", 20).await;
            };
            looping().await;
            assert_eq!(status(&supervisor, "a").await, Some(ChildStatus::Restarting));
            let count = supervisor.count().await.unwrap();
            assert_eq!((count.specs, count.workers), (2, 2));
            assert!(!supervisor.health().await.unwrap().is_healthy());
            supervisor.terminate_child("a").await.unwrap();
            let before = stage.log.count("a starts");
            settle().await;
            assert_eq!(stage.log.count("a starts"), before, "{strategy:?}");
            assert_eq!(status(&supervisor, "a").await, Some(ChildStatus::Stopped));

            // And the end of the supervisor itself.
            scripts[0].always_rises(Rise::Fine);
            supervisor.restart_child("a").await.unwrap();
            looping().await;
            assert_eq!(supervisor.stop().await, Ok(ExitReason::Shutdown));
            let before = stage.log.count("a starts");
            settle().await;
            assert_eq!(stage.log.count("a starts"), before);
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c036_what_waits_for_a_group_that_is_given_up_has_ended() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["a", "b", "c"]);
        let builder = limit(u32::MAX, P).strategy(RestartStrategy::RestForOne);
        let supervisor = stage.supervise(with(builder, &scripts)).await;
        let c = worker(&supervisor, "c").await;
        scripts[1].always_rises(Rise::Fails);
        crash(&worker(&supervisor, "b").await).await;
        stage.log.until_count("b starts", 5).await;
        assert_eq!(status(&supervisor, "c").await, Some(ChildStatus::Restarting));
        assert_eq!(supervisor.delete_child("c").await, Err(ChildError::Restarting { child: "c".into() }),);
        // A question to the one that waits is answered at the latest when nobody will start it any more.
        let asked = {
            let c = c.clone();
            tokio::spawn(async move { c.bump().timeout(Duration::from_secs(3600)).await })
        };
        settle().await;
        supervisor.terminate_child("b").await.unwrap();
        assert_eq!(asked.await.unwrap(), Err(AskError::Stopped));
        assert_eq!(status(&supervisor, "c").await, Some(ChildStatus::Stopped));
        supervisor.restart_child("c").await.unwrap();
        assert_eq!(c.bump().await, Ok(1));
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

/// A supervisor `below` with the child `inner`, below one with the child `outer`.
async fn nested(stage: &Stage, restart: RestartPolicy, scripts: &[Script; 2]) -> Supervised<Supervised> {
    let [outer, inner] = scripts.clone();
    let spec = limit(3, P).plan(move |mut children| async move {
        children.start(outer.spec()).await?;
        let below = spec_of(limit(1, P).child(inner.spec()));
        children.start(ChildSpec::supervisor("below", async move { Ok(below) }).restart(restart)).await
    });
    let supervisor = stage.system.start(spec).await.unwrap();
    stage.log.take();
    supervisor
}

#[tokio::test(start_paused = true)]
async fn c037_a_permanent_supervisor_that_gave_up_is_restarted_and_counts_once() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["outer", "inner"]);
        let top = nested(&stage, RestartPolicy::Permanent, &scripts).await;
        let below: Supervised = (*top).clone();
        let inner = worker(&below, "inner").await;
        crash_and_wait(&inner).await;
        assert_eq!(below.process().incarnation(), 1);
        stage.log.take();
        crash(&inner).await;
        stage.log.until("inner up").await;
        assert_eq!(stage.log.take(), ["inner gone", "inner starts", "inner up"]);
        assert_eq!(status(&top, "below").await, Some(ChildStatus::Running));
        assert_eq!((below.process().incarnation(), inner.process().incarnation()), (2, 3));
        assert_eq!(top.health().await.unwrap().recent_restarts, 1);
        // The budget of the new incarnation is a new one, under the same handle.
        assert_eq!(below.health().await.unwrap().recent_restarts, 0);
        assert_eq!(worker(&top, "outer").await.process().incarnation(), 1);
        top.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c037_a_transient_supervisor_that_gave_up_stays_down() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["outer", "inner"]);
        let top = nested(&stage, RestartPolicy::Transient, &scripts).await;
        let below: Supervised = (*top).clone();
        let inner = worker(&below, "inner").await;
        let (down, inner_down) = (below.monitor(), inner.monitor());
        crash_and_wait(&inner).await;
        crash(&inner).await;
        assert_eq!(down.await.reason, ExitReason::Shutdown);
        // Nobody above restarts it, so its child has ended for good.
        assert!(matches!(inner_down.await.reason, ExitReason::Panicked { .. }));
        until_status(&top, "below", Some(ChildStatus::Stopped)).await;
        assert_eq!(top.health().await.unwrap().recent_restarts, 0);
        assert_eq!(inner.bump().await, Err(AskError::Stopped));
        top.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c038_a_restarted_supervisor_has_its_declared_children_and_not_the_added_ones() {
    bounded(async {
        for how in ["gave up", "killed", "stopped"] {
            let stage = Stage::new();
            let scripts = stage.scripts(["outer", "inner"]);
            let top = nested(&stage, RestartPolicy::Permanent, &scripts).await;
            let below: Supervised = (*top).clone();
            let added = stage.script("added");
            let added = below.start_child(added.spec().named("added")).await.unwrap();
            let inner = worker(&below, "inner").await;
            let (inner_down, added_down) = (inner.monitor(), added.monitor());
            stage.log.take();
            match how {
                "gave up" => {
                    crash_and_wait(&inner).await;
                    crash(&inner).await;
                    stage.log.until_count("inner up", 2).await;
                }
                "killed" => {
                    assert_eq!(below.kill().await, Ok(ExitReason::Killed));
                    stage.log.until("inner up").await;
                }
                _ => {
                    assert_eq!(below.stop().await, Ok(ExitReason::Shutdown));
                    stage.log.until("inner up").await;
                }
            }
            until_status(&top, "below", Some(ChildStatus::Running)).await;
            assert_eq!(rows(&below).await, [("inner".to_owned(), ChildStatus::Running)], "{how}");
            assert_eq!(worker(&below, "inner").await, inner);
            assert_eq!(inner.bump().await, Ok(1));
            let reason = added_down.await.reason;
            assert_eq!(reason, if how == "killed" { ExitReason::Killed } else { ExitReason::Shutdown });
            assert_eq!(
                added.bump().await,
                Err(AskError::Stopped).map_err(|error| match how {
                    "killed" => AskError::Stopped,
                    _ => error,
                })
            );
            assert!(stage.system.lookup::<Worker>("added").is_none());
            assert_eq!(stage.log.count("added starts"), 0);

            // A monitor fires once, at the end for good: the declared child has not had one.
            let mut inner_down = std::pin::pin!(inner_down);
            settle().await;
            tokio::select! {
                biased;
                down = &mut inner_down => panic!("{how}: {down:?}"),
                () = std::future::ready(()) => {}
            }
            top.stop().await.unwrap();
            assert_eq!(inner_down.await.reason, ExitReason::Shutdown);
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c038_a_supervisor_that_was_terminated_and_restarted_keeps_its_children_as_before() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["outer", "inner"]);
        let top = nested(&stage, RestartPolicy::Permanent, &scripts).await;
        let below: Supervised = (*top).clone();
        let inner = worker(&below, "inner").await;
        let first = inner.monitor();
        top.terminate_child("below").await.unwrap();
        assert_eq!(first.await.reason, ExitReason::Shutdown);
        assert!(below.children().await.is_err());
        top.restart_child("below").await.unwrap();
        assert_eq!(inner.bump().await, Ok(1));

        let down = inner.monitor();
        stage.log.take();
        below.stop().await.unwrap();
        stage.log.until("inner up").await;
        assert_eq!(inner.bump().await, Ok(1));
        let mut down = std::pin::pin!(down);
        settle().await;
        tokio::select! {
            biased;
            down = &mut down => panic!("{down:?}"),
            () = std::future::ready(()) => {}
        }
        top.stop().await.unwrap();
        assert_eq!(down.await.reason, ExitReason::Shutdown);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c039_a_restart_exactly_as_old_as_the_window_still_counts() {
    bounded(async {
        for (age, survives) in [(P, false), (P + Duration::from_millis(1), true)] {
            let stage = Stage::new();
            let supervisor = stage.supervise(with(limit(1, P), &stage.scripts(["a"]))).await;
            let a = worker(&supervisor, "a").await;
            let down = supervisor.monitor();
            crash_and_wait(&a).await;
            // The clock of the runtime is the only one there is.
            tokio::time::advance(age).await;
            if survives {
                crash_and_wait(&a).await;
                supervisor.stop().await.unwrap();
            } else {
                crash(&a).await;
            }
            assert_eq!(down.await.reason, ExitReason::Shutdown);
            assert_eq!(a.process().incarnation(), if survives { 3 } else { 2 });
            stage.assert_nothing_left();
        }
    })
    .await;
}

fn backoff() -> Backoff {
    Backoff::new(Duration::from_secs(1), Duration::from_secs(8))
        .jitter(0.0)
        .reset_after(Duration::from_secs(60))
}

#[tokio::test(start_paused = true)]
async fn c040_delays_double_up_to_the_maximum_and_begin_again_after_a_quiet_time() {
    bounded(async {
        let stage = Stage::new();
        let script = stage.script("a");
        let builder = limit(100, Duration::from_secs(3600)).backoff(backoff()).child(script.spec());
        let supervisor = stage.supervise(builder).await;
        let a = worker(&supervisor, "a").await;
        let delay = async |seconds: u64| {
            let crashed = tokio::time::Instant::now();
            stage.log.take();
            crash(&a).await;
            until_status(&supervisor, "a", Some(ChildStatus::Restarting)).await;
            stage.log.until("a up").await;
            assert_eq!(crashed.elapsed().as_secs(), seconds);
            until_status(&supervisor, "a", Some(ChildStatus::Running)).await;
        };
        for seconds in [1, 2, 4, 8, 8] {
            delay(seconds).await;
        }
        tokio::time::sleep(Duration::from_secs(59)).await;
        delay(8).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        delay(1).await;
        // Failed attempts are attempts.
        script.rises([Rise::Fails, Rise::Fails]);
        delay(2 + 4 + 8).await;
        assert_eq!(supervisor.health().await.unwrap().recent_restarts, 10);
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c040_delayed_attempts_count_against_the_limit() {
    bounded(async {
        let stage = Stage::new();
        let script = stage.script("a");
        let builder = limit(3, Duration::from_secs(3600)).backoff(backoff()).child(script.spec());
        let supervisor = stage.supervise(builder).await;
        script.always_rises(Rise::Fails);
        let down = supervisor.monitor();
        crash(&worker(&supervisor, "a").await).await;
        assert_eq!(down.await.reason, ExitReason::Shutdown);
        assert_eq!(stage.log.count("a starts"), 3);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c040_a_message_waits_with_the_child_for_its_next_start() {
    bounded(async {
        let stage = Stage::new();
        let script = stage.script("a");
        let supervisor = stage.supervise(Supervisor::builder().backoff(backoff()).child(script.spec())).await;
        let a = worker(&supervisor, "a").await;
        crash(&a).await;
        assert_eq!(a.bump().timeout(Duration::from_secs(10)).await, Ok(1));
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c041_a_restart_that_waits_is_cancelled_for_good() {
    bounded(async {
        for how in ["terminate", "delete", "same id", "stop", "kill"] {
            let stage = Stage::new();
            let scripts = stage.scripts(["a", "b"]);
            let supervisor = stage.supervise(with(Supervisor::builder().backoff(backoff()), &scripts)).await;
            let a = worker(&supervisor, "a").await;
            let down = a.monitor();
            crash(&a).await;
            until_status(&supervisor, "a", Some(ChildStatus::Restarting)).await;
            assert_eq!(stage.system.counters().timers, 1);
            stage.log.take();
            let mut expected = 0;
            match how {
                "stop" => drop(supervisor.stop().await.unwrap()),
                "kill" => drop(supervisor.kill().await.unwrap()),
                _ => supervisor.terminate_child("a").await.unwrap(),
            }
            assert_eq!(stage.system.counters().timers, 0, "{how}");
            // How it ended last is how it ended.
            assert!(matches!(down.await.reason, ExitReason::Panicked { .. }));
            if how == "delete" || how == "same id" {
                supervisor.delete_child("a").await.unwrap();
            }
            if how == "same id" {
                supervisor.start_child(scripts[0].spec()).await.unwrap();
                expected = 1;
            }
            tokio::time::sleep(Duration::from_secs(3600)).await;
            assert_eq!(stage.log.count("a starts"), expected, "{how}");
            let _ = supervisor.stop().await;
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c041_a_restart_that_waits_does_not_reach_the_next_incarnation_of_its_supervisor() {
    bounded(async {
        let stage = Stage::new();
        let script = stage.script("inner");
        let inner = script.clone();
        let slow = Backoff::new(Duration::from_secs(10), Duration::from_secs(100)).jitter(0.0);
        let spec = Supervisor::builder().plan(move |mut children| async move {
            let below = spec_of(Supervisor::builder().backoff(slow).child(inner.spec()));
            children.start(ChildSpec::supervisor("below", async move { Ok(below) })).await
        });
        let top = stage.system.start(spec).await.unwrap();
        let below: Supervised = (*top).clone();
        let inner = worker(&below, "inner").await;
        crash(&inner).await;
        until_status(&below, "inner", Some(ChildStatus::Restarting)).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        stage.log.take();
        below.kill().await.unwrap();
        stage.log.until("inner up").await;
        // It fails anew: ten seconds from now, not the five that were left.
        let crashed = tokio::time::Instant::now();
        crash(&inner).await;
        stage.log.until_count("inner up", 2).await;
        assert!(crashed.elapsed() >= Duration::from_secs(10), "{:?}", crashed.elapsed());
        top.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}
