//! Supervisors that end with their significant children: C066 to C071.

use airssys_rt::prelude::*;
use tests::supervision::*;

#[tokio::test(start_paused = true)]
async fn c066_a_significant_transient_child_ends_its_supervisor_only_in_an_orderly_way() {
    bounded(async {
        for how in ["normal", "shutdown", "shutdown: done"] {
            let stage = Stage::new();
            let [a, b, c] = stage.scripts(["a", "b", "c"]);
            let builder = Supervisor::builder()
                .auto_shutdown(AutoShutdown::AnySignificant)
                .child(a.spec())
                .child(b.spec().restart(RestartPolicy::Transient).significant(true))
                .child(c.spec());
            let supervisor = stage.supervise(builder).await;
            let b = worker(&supervisor, "b").await;
            let down = supervisor.monitor();
            crash_and_wait(&b).await;
            until_status(&supervisor, "b", Some(ChildStatus::Running)).await;
            stage.log.take();
            match how {
                "normal" => b.finish().await.unwrap_or(()),
                "shutdown" => drop(b.stop().await),
                _ => b.finish_with("done".to_owned()).await.unwrap_or(()),
            }
            assert_eq!(down.await.reason, ExitReason::Shutdown);
            let first = [format!("b stops: {how}"), "b gone".to_owned()];
            let rest = texts(["c stops: shutdown", "c gone", "a stops: shutdown", "a gone"]);
            assert_eq!(stage.log.take(), [&first[..], &rest].concat());
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c066_a_child_that_is_not_significant_ends_nobody() {
    bounded(async {
        let stage = Stage::new();
        let [a, b] = stage.scripts(["a", "b"]);
        let builder = Supervisor::builder()
            .auto_shutdown(AutoShutdown::AnySignificant)
            .child(a.spec().restart(RestartPolicy::Transient).significant(true))
            .child(b.spec().restart(RestartPolicy::Transient));
        let supervisor = stage.supervise(builder).await;
        worker(&supervisor, "b").await.finish().await.unwrap_or(());
        until_status(&supervisor, "b", Some(ChildStatus::Stopped)).await;
        settle().await;
        assert_eq!(status(&supervisor, "a").await, Some(ChildStatus::Running));
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c067_a_significant_temporary_child_ends_its_supervisor_however_it_ends() {
    bounded(async {
        for how in ["normal", "shutdown", "failed", "panicked", "killed"] {
            let stage = Stage::new();
            let [a, b] = stage.scripts(["a", "b"]);
            let builder = Supervisor::builder()
                .auto_shutdown(AutoShutdown::AnySignificant)
                .child(a.spec().restart(RestartPolicy::Temporary).significant(true))
                .child(b.spec());
            let supervisor = stage.supervise(builder).await;
            let a = worker(&supervisor, "a").await;
            let (down, a_down) = (supervisor.monitor(), a.monitor());
            match how {
                "normal" => a.finish().await.unwrap_or(()),
                "shutdown" => drop(a.stop().await),
                "failed" => drop(a.go_wrong().await),
                "panicked" => crash(&a).await,
                _ => drop(a.kill().await),
            }
            assert!(a_down.await.reason.to_string().starts_with(how));
            assert_eq!(down.await.reason, ExitReason::Shutdown, "{how}");
            assert_eq!(stage.gone(), ["a", "b"]);
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c068_all_significant_waits_for_the_last_of_them() {
    bounded(async {
        for (first, second) in [
            (RestartPolicy::Transient, RestartPolicy::Transient),
            (RestartPolicy::Temporary, RestartPolicy::Transient),
            (RestartPolicy::Transient, RestartPolicy::Temporary),
            (RestartPolicy::Temporary, RestartPolicy::Temporary),
        ] {
            let stage = Stage::new();
            let [a, b, c] = stage.scripts(["a", "b", "c"]);
            let builder = Supervisor::builder()
                .auto_shutdown(AutoShutdown::AllSignificant)
                .child(a.spec().restart(first).significant(true))
                .child(b.spec())
                .child(c.spec().restart(second).significant(true));
            let supervisor = stage.supervise(builder).await;
            let down = supervisor.monitor();
            let (a, c) = (worker(&supervisor, "a").await, worker(&supervisor, "c").await);
            a.finish().await.unwrap_or(());
            eventually("the first has ended", async || stage.gone() == ["a"]).await;
            settle().await;
            assert_eq!(status(&supervisor, "c").await, Some(ChildStatus::Running));
            if second == RestartPolicy::Transient {
                // Failing is no end.
                crash_and_wait(&c).await;
                assert_eq!(status(&supervisor, "c").await, Some(ChildStatus::Running));
            }
            stage.log.take();
            c.finish().await.unwrap_or(());
            assert_eq!(down.await.reason, ExitReason::Shutdown, "{first:?} {second:?}");
            assert_eq!(stage.gone(), ["c", "b"]);
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c068_a_significant_child_that_waits_for_its_restart_has_not_ended() {
    bounded(async {
        let stage = Stage::new();
        let [a, b] = stage.scripts(["a", "b"]);
        let minute = Duration::from_secs(60);
        let significant = |script: &Script| script.spec().restart(RestartPolicy::Transient).significant(true);
        let builder = Supervisor::builder()
            .auto_shutdown(AutoShutdown::AllSignificant)
            .backoff(Backoff::new(minute, minute).jitter(0.0))
            .child(significant(&a))
            .child(significant(&b));
        let supervisor = stage.supervise(builder).await;
        let (a, b) = (worker(&supervisor, "a").await, worker(&supervisor, "b").await);
        let down = supervisor.monitor();
        crash(&a).await;
        until_status(&supervisor, "a", Some(ChildStatus::Restarting)).await;
        b.finish().await.unwrap_or(());
        until_status(&supervisor, "b", Some(ChildStatus::Stopped)).await;
        stage.log.until("a up").await;
        assert_eq!(status(&supervisor, "a").await, Some(ChildStatus::Running));
        a.finish().await.unwrap_or(());
        assert_eq!(down.await.reason, ExitReason::Shutdown);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c069_a_significant_child_that_is_terminated_or_a_bystander_ends_nobody() {
    bounded(async {
        for auto_shutdown in [AutoShutdown::AnySignificant, AutoShutdown::AllSignificant] {
            for restart in [RestartPolicy::Transient, RestartPolicy::Temporary] {
                let stage = Stage::new();
                let [a, b, c] = stage.scripts(["a", "b", "c"]);
                let builder = Supervisor::builder()
                    .auto_shutdown(auto_shutdown)
                    .strategy(RestartStrategy::OneForAll)
                    .child(a.spec())
                    .child(b.spec().restart(restart).significant(true))
                    .child(c.spec().restart(restart).significant(true));
                let supervisor = stage.supervise(builder).await;
                // A bystander.
                crash_and_wait(&worker(&supervisor, "a").await).await;
                settle().await;
                let expected = (restart == RestartPolicy::Transient).then_some(ChildStatus::Running);
                assert_eq!(status(&supervisor, "b").await, expected, "{auto_shutdown:?} {restart:?}");
                if restart == RestartPolicy::Temporary {
                    supervisor.start_child(b.spec().restart(restart).significant(true)).await.unwrap();
                }
                // Terminated.
                supervisor.terminate_child("b").await.unwrap();
                if restart == RestartPolicy::Transient {
                    supervisor.terminate_child("c").await.unwrap();
                }
                settle().await;
                assert_eq!(status(&supervisor, "a").await, Some(ChildStatus::Running));
                supervisor.stop().await.unwrap();
                stage.assert_nothing_left();
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c070_contradictions_are_refused() {
    bounded(async {
        let stage = Stage::new();
        let a = stage.script("a");
        let any = || Supervisor::builder().auto_shutdown(AutoShutdown::AnySignificant);
        let dynamic = || {
            ChildSpec::dynamic("a", |script: Script| script.build())
                .restart(RestartPolicy::Transient)
                .significant(true)
        };
        let transient = || a.spec().restart(RestartPolicy::Transient).significant(true);
        let wrong = [
            (any().child(a.spec().significant(true)), "permanent"),
            (Supervisor::builder().child(transient()), "auto_shutdown"),
            (any().child(dynamic()), "run time"),
        ];
        for (builder, why) in wrong {
            let error = stage.system.start(builder).await.unwrap_err();
            let StartError::Invalid { message } = &error else { panic!("{error:?}") };
            assert!(message.contains("`a`") && message.contains(why), "{message}");
        }
        // Inside a plan, and at run time.
        let planned = transient();
        let plan =
            Supervisor::builder().plan(move |mut children| async move { children.start(planned).await });
        assert!(matches!(stage.system.start(plan).await, Err(StartError::Invalid { .. })));
        let supervisor = stage.system.start(Supervisor::builder()).await.unwrap();
        assert!(matches!(supervisor.start_child(transient()).await, Err(StartError::Invalid { .. })));
        assert!(matches!(supervisor.start_child(dynamic()).await, Err(StartError::Invalid { .. })));
        supervisor.stop().await.unwrap();
        assert_eq!(stage.log.lines(), [""; 0]);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c071_auto_shutdown_goes_up_through_significant_supervisors_alone() {
    bounded(async {
        for significant in [true, false] {
            let stage = Stage::new();
            let [outer, inner] = stage.scripts(["outer", "inner"]);
            let spec = Supervisor::builder().auto_shutdown(AutoShutdown::AnySignificant).plan(
                move |mut children| async move {
                    children.start(outer.spec()).await?;
                    let below = Supervisor::builder()
                        .auto_shutdown(AutoShutdown::AnySignificant)
                        .child(inner.spec().restart(RestartPolicy::Transient).significant(true));
                    let below = spec_of(below);
                    let below = ChildSpec::supervisor("below", async move { Ok(below) });
                    children.start(below.restart(RestartPolicy::Transient).significant(significant)).await
                },
            );
            let top = stage.system.start(spec).await.unwrap();
            let below: Supervised = (*top).clone();
            let (down, below_down) = (top.monitor(), below.monitor());
            worker(&below, "inner").await.finish().await.unwrap_or(());
            assert_eq!(below_down.await.reason, ExitReason::Shutdown);
            if significant {
                assert_eq!(down.await.reason, ExitReason::Shutdown);
                assert_eq!(stage.gone(), ["inner", "outer"]);
            } else {
                until_status(&top, "below", Some(ChildStatus::Stopped)).await;
                settle().await;
                assert_eq!(status(&top, "outer").await, Some(ChildStatus::Running));
                top.stop().await.unwrap();
            }
            stage.assert_nothing_left();
        }
    })
    .await;
}
