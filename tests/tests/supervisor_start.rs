//! How a supervisor starts its children, and what is left when one does not start: C001 to C010.

use airssys_rt::prelude::*;
use airssys_rt::{ProcessRole, SupervisorSpec};
use tests::supervision::*;

#[tokio::test(start_paused = true)]
async fn c001_children_start_one_after_another_and_start_returns_when_the_last_is_up() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["a", "b", "c"]);
        let (second, third) = (Door::default(), Door::default());
        scripts[1].rises([Rise::Waits(second.clone())]);
        scripts[2].rises([Rise::Waits(third.clone())]);
        let (system, builder) = (stage.system.clone(), with(Supervisor::builder(), &scripts));
        let starting = tokio::spawn(async move { system.start(builder).await });

        stage.log.until("b starts").await;
        settle().await;
        assert_eq!(stage.log.take(), ["a starts", "a up", "b starts"]);
        second.open();
        stage.log.until("c starts").await;
        settle().await;
        assert_eq!(stage.log.take(), ["b up", "c starts"]);
        assert!(!starting.is_finished());
        third.open();
        let supervisor = starting.await.unwrap().unwrap();
        assert_eq!(stage.log.take(), ["c up"]);

        let order: Vec<_> = rows(&supervisor).await.into_iter().map(|(id, _)| id).collect();
        assert_eq!(order, ["a", "b", "c"]);
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c002_a_failed_start_stops_the_earlier_ones_in_reverse_and_leaves_nothing() {
    bounded(async {
        for rise in [Rise::Fails, Rise::HandlerFails] {
            let stage = Stage::new();
            let [a, b, c, d] = stage.scripts(["a", "b", "c", "d"]);
            c.rises([rise.clone()]);
            let builder = Supervisor::builder()
                .child(a.spec().named("first"))
                .child(b.spec().named("second"))
                .child(c.spec().named("third"))
                .child(d.spec());
            let error = stage.system.start(builder).named("top").await.unwrap_err();
            let StartError::Failed { child, message } = &error else { panic!("{error:?}") };
            assert_eq!(&**child, "c");
            assert!(message.contains("no luck"), "{message}");

            let mut log = stage.log.take();
            log.retain(|line| line != "c gone");
            let expected = ["a starts", "a up", "b starts", "b up", "c starts"];
            let unwound = ["b stops: shutdown", "b gone", "a stops: shutdown", "a gone"];
            assert_eq!(log, [&expected[..], &unwound[..]].concat(), "{rise:?}");
            stage.assert_nothing_left();
            for name in ["first", "second", "third"] {
                assert!(stage.system.lookup::<Worker>(name).is_none());
            }
            settle().await;
            assert!(stage.log.lines().is_empty());
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c002_a_nested_failure_names_the_child_that_failed() {
    bounded(async {
        let stage = Stage::new();
        let [outer, inner, broken] = stage.scripts(["outer", "inner", "broken"]);
        broken.rises([Rise::Fails]);
        let below = spec_of(with(Supervisor::builder(), &[inner, broken]));
        let builder = Supervisor::builder()
            .child(outer.spec())
            .child(ChildSpec::supervisor("below", async move { Ok(below) }));
        let error = stage.system.start(builder).await.unwrap_err();
        assert!(matches!(&error, StartError::Failed { child, .. } if &**child == "broken"), "{error:?}");
        assert_eq!(stage.gone(), ["inner", "outer"]);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c003_a_panic_in_a_start_is_a_start_error_with_its_text() {
    bounded(async {
        for (rise, text) in
            [(Rise::Panics, "panics at its start"), (Rise::HandlerPanics, "start handler panics")]
        {
            // At init: it unwinds.
            let stage = Stage::new();
            let scripts = stage.scripts(["a", "b"]);
            scripts[1].rises([rise.clone()]);
            let error = stage.system.start(with(Supervisor::builder(), &scripts)).await.unwrap_err();
            let StartError::Panicked { child, message } = &error else { panic!("{error:?}") };
            assert_eq!(&**child, "b");
            assert!(message.contains(text), "{message}");
            let mut log = stage.log.take();
            log.retain(|line| line != "b gone");
            assert_eq!(log, ["a starts", "a up", "b starts", "a stops: shutdown", "a gone"]);
            stage.assert_nothing_left();

            // At run time: the supervisor and the siblings stay.
            let [a, b] = stage.scripts(["a", "b"]);
            let supervisor = stage.supervise(Supervisor::builder().max_restarts(0).child(a.spec())).await;
            b.rises([rise]);
            let error = supervisor.start_child(b.spec()).await.unwrap_err();
            assert!(
                matches!(&error, StartError::Panicked { message, .. } if message.contains(text)),
                "{error:?}"
            );
            settle().await;
            assert_eq!(rows(&supervisor).await, [("a".to_owned(), ChildStatus::Running)]);
            assert_eq!(worker(&supervisor, "a").await.process().incarnation(), 1);
            supervisor.stop().await.unwrap();
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c003_a_start_expression_that_panics_before_its_first_await_is_an_error_too() {
    bounded(async {
        let stage = Stage::new();
        #[allow(unreachable_code, reason = "the panic is the point")]
        let spec = ChildSpec::<Worker>::new("b", || {
            panic!("not even a future");
            async { Err(ActorError::ignore()) }
        });
        let error = stage.system.start(Supervisor::builder().child(spec)).await.unwrap_err();
        let StartError::Panicked { message, .. } = &error else { panic!("{error:?}") };
        assert!(message.contains("not even a future"));
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c004_an_ignored_child_is_kept_unless_temporary_and_its_siblings_start() {
    bounded(async {
        let stage = Stage::new();
        let [a, b, c, d] = stage.scripts(["a", "b", "c", "d"]);
        for script in [&a, &b, &c] {
            script.rises([Rise::Ignored]);
        }
        let builder = Supervisor::builder()
            .child(a.spec())
            .child(b.spec().restart(RestartPolicy::Transient))
            .child(c.spec().restart(RestartPolicy::Temporary))
            .child(d.spec());
        let supervisor = stage.supervise(builder).await;
        let stopped = |id: &str| (id.to_owned(), ChildStatus::Stopped);
        assert_eq!(
            rows(&supervisor).await,
            [stopped("a"), stopped("b"), ("d".to_owned(), ChildStatus::Running)]
        );
        let count = supervisor.count().await.unwrap();
        assert_eq!((count.specs, count.active), (3, 1));

        // Kept, it can be started later.
        supervisor.restart_child("a").await.unwrap();
        assert_eq!(worker(&supervisor, "a").await.bump().await, Ok(1));
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c004_an_ignored_child_at_run_time_is_kept_unless_temporary_or_dynamic() {
    bounded(async {
        let stage = Stage::new();
        let builder = Supervisor::builder().plan(|mut children| async move {
            let pool = ChildSpec::dynamic("pool", |script: Script| script.build());
            children.start(pool).await
        });
        let supervisor = stage.system.start(builder).await.unwrap();
        let [a, b, c] = stage.scripts(["a", "b", "c"]);
        for script in [&a, &b, &c] {
            script.rises([Rise::Ignored]);
        }
        supervisor.start_child(a.spec()).await.unwrap();
        let ignored = supervisor.start_child(b.spec().restart(RestartPolicy::Temporary)).await;
        assert!(matches!(ignored, Err(StartError::Ignored { .. })), "{ignored:?}");
        assert!(matches!(supervisor.start(c.clone()).await, Err(StartError::Ignored { .. })));
        assert_eq!(rows(&supervisor).await, [("a".to_owned(), ChildStatus::Stopped)]);
        assert!(supervisor.members().await.unwrap().is_empty());
        // Neither id is taken.
        supervisor.start_child(b.spec()).await.unwrap();
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c004_a_nested_supervisor_that_is_ignored_lets_its_siblings_start() {
    bounded(async {
        let stage = Stage::new();
        let [a] = stage.scripts(["a"]);
        let below =
            ChildSpec::supervisor("below", async { Err::<SupervisorSpec<()>, _>(ActorError::ignore()) });
        let builder = Supervisor::builder().plan(move |mut children| async move {
            let ignored = children.start(below).await;
            assert!(
                matches!(&ignored, Err(StartError::Ignored { child }) if &**child == "below"),
                "{ignored:?}"
            );
            children.start(a.spec()).await
        });
        let supervisor = stage.system.start(builder).await.unwrap();
        assert_eq!(supervisor.bump().await, Ok(1));
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();

        // In a plain list of children.
        let scripts = stage.scripts(["a", "b"]);
        let below =
            ChildSpec::supervisor("below", async { Err::<SupervisorSpec<()>, _>(ActorError::ignore()) });
        let builder = Supervisor::builder().child(scripts[0].spec()).child(below).child(scripts[1].spec());
        let supervisor = stage.supervise(builder).await;
        let running = ["a", "b"].map(|id| (id.to_owned(), ChildStatus::Running));
        assert_eq!(rows(&supervisor).await, running);
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

/// A supervisor whose own init goes as `problem` says, after a first child was started.
fn with_problem(stage: &Stage, problem: &'static str) -> SupervisorSpec<()> {
    let first = stage.script("a");
    Supervisor::builder().name("troubled").plan(move |mut children| async move {
        children.start(first.spec()).await?;
        match problem {
            "error" => Err(StartError::Failed { child: "init".into(), message: "no luck".into() }),
            "panic" => panic!("the plan panics"),
            _ => Err(StartError::Ignored { child: "init".into() }),
        }
    })
}

#[tokio::test(start_paused = true)]
async fn c005_a_supervisor_whose_own_init_does_not_succeed_gives_its_caller_a_value() {
    bounded(async {
        for problem in ["error", "panic", "ignore"] {
            let stage = Stage::new();
            let error = stage.system.start(with_problem(&stage, problem)).await.unwrap_err();
            match problem {
                "error" => assert_eq!(error, StartError::Failed { child: "init".into(), message: "no luck".into() }),
                "panic" => assert!(
                    matches!(&error, StartError::Panicked { message, .. } if message.contains("the plan panics")),
                    "{error:?}"
                ),
                _ => assert_eq!(error, StartError::Ignored { child: "init".into() }),
            }
            assert_eq!(stage.log.take(), ["a starts", "a up", "a stops: shutdown", "a gone"], "{problem}");
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[actor]
struct Caller {
    spec: Option<SupervisorSpec<()>>,
}

#[handlers]
impl Caller {
    #[handler]
    async fn try_it(&mut self, ctx: &mut Context<Self>) -> bool {
        let spec = self.spec.take().expect("asked once");
        ctx.system().start(spec).await.is_err()
    }

    #[handler(exit)]
    fn linked_ended(&mut self, exit: Exit) {
        panic!("an exit notice of a start that failed: {exit:?}");
    }

    #[handler]
    fn is_there(&mut self) -> bool {
        true
    }
}

#[tokio::test(start_paused = true)]
async fn c005_an_actor_that_starts_a_supervisor_in_vain_is_not_hurt() {
    bounded(async {
        for problem in ["error", "panic", "ignore"] {
            let stage = Stage::new();
            let caller = stage.system.spawn(Caller { spec: Some(with_problem(&stage, problem)) });
            assert_eq!(caller.try_it().await, Ok(true));
            settle().await;
            assert_eq!(caller.is_there().await, Ok(true));
            caller.stop().await.unwrap();
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c006_wrong_specs_are_refused_before_any_child_is_started() {
    bounded(async {
        let stage = Stage::new();
        let [a, b] = stage.scripts(["a", "b"]);
        let significant = || b.spec().significant(true).restart(RestartPolicy::Transient);
        let wrong = [
            (Supervisor::builder().child(a.spec()).child(b.spec()).child(a.spec()), "`a`"),
            (Supervisor::builder().child(a.spec()).within(Duration::ZERO), "within"),
            (Supervisor::builder().child(a.spec()).child(b.spec().pool(0)), "`b`"),
            (Supervisor::builder().child(a.spec()).child(significant()), "`b`"),
            (
                Supervisor::builder()
                    .auto_shutdown(AutoShutdown::AnySignificant)
                    .child(a.spec())
                    .child(significant().restart(RestartPolicy::Permanent)),
                "`b`",
            ),
        ];
        for (builder, subject) in wrong {
            let error = stage.system.start(builder).await.unwrap_err();
            let StartError::Invalid { message } = &error else { panic!("{error:?}") };
            assert!(message.contains(subject), "{message}");
            assert_eq!(stage.log.take(), [""; 0], "{message}");
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c006_a_duplicate_id_inside_a_plan_is_refused_and_unwinds() {
    bounded(async {
        let stage = Stage::new();
        let [a, b] = stage.scripts(["a", "b"]);
        let plan = Supervisor::builder().child(a.spec()).plan(move |mut children| async move {
            children.start(b.spec()).await?;
            children.start(a.spec()).await
        });
        let error = stage.system.start(plan).await.unwrap_err();
        assert!(matches!(&error, StartError::Invalid { message } if message.contains("`a`")), "{error:?}");
        assert_eq!(stage.log.count("a starts"), 1);
        assert_eq!(stage.gone(), ["b", "a"]);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c007_what_a_spec_does_not_say_has_the_documented_defaults() {
    bounded(async {
        let stage = Stage::new();
        let [a, b, inner] = stage.scripts(["a", "b", "inner"]);
        let below = spec_of(with(Supervisor::builder(), &[inner]));
        let builder = with(Supervisor::builder(), &[a, b])
            .child(ChildSpec::supervisor("below", async move { Ok(below) }));
        let supervisor = stage.supervise(builder).await;

        let children = supervisor.children().await.unwrap();
        for row in &children {
            assert_eq!(
                (row.restart, row.status, row.incarnation),
                (RestartPolicy::Permanent, ChildStatus::Running, 1)
            );
        }
        let five = Shutdown::After(Duration::from_secs(5));
        let facts: Vec<_> = children.iter().map(|row| (&*row.id, row.role, row.shutdown)).collect();
        let expected = [
            ("a", ProcessRole::Worker, five),
            ("b", ProcessRole::Worker, five),
            ("below", ProcessRole::Supervisor, Shutdown::Wait),
        ];
        assert_eq!(facts, expected);
        assert_eq!(supervisor.health().await.unwrap().max_restarts, 3);

        // One for one, three in five seconds: the fourth crash within them is too many.
        let a = worker(&supervisor, "a").await;
        let down = supervisor.monitor();
        crash_and_wait(&a).await;
        tokio::time::sleep(Duration::from_millis(5_001)).await;
        for _ in 0..3 {
            crash_and_wait(&a).await;
        }
        assert_eq!(worker(&supervisor, "b").await.process().incarnation(), 1);
        crash(&a).await;
        assert_eq!(down.await.reason, ExitReason::Shutdown);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c008_a_start_that_takes_too_long_is_killed_and_leaves_nothing() {
    bounded(async {
        let limit = Duration::from_secs(1);
        for rise in [Rise::Hangs, Rise::Takes(Duration::from_secs(2))] {
            // At init.
            let stage = Stage::new();
            let [a, b] = stage.scripts(["a", "b"]);
            b.always_rises(rise.clone());
            let slow = || b.spec().start_timeout(limit).named("slow");
            let error =
                stage.system.start(Supervisor::builder().child(a.spec()).child(slow())).await.unwrap_err();
            assert_eq!(error, StartError::Timeout { child: "b".into(), limit });
            assert_eq!(stage.gone(), ["a"]);
            stage.assert_nothing_left();

            // At run time.
            let supervisor = stage.supervise(Supervisor::builder().child(a.spec())).await;
            let error = supervisor.start_child(slow()).await.unwrap_err();
            assert_eq!(error, StartError::Timeout { child: "b".into(), limit });
            assert!(stage.system.lookup::<Worker>("slow").is_none());
            assert_eq!(stage.system.counters().names, 0);
            tokio::time::sleep(Duration::from_secs(60)).await;
            assert_eq!(stage.log.count("b up"), 0);
            assert_eq!(rows(&supervisor).await, [("a".to_owned(), ChildStatus::Running)]);
            supervisor.stop().await.unwrap();
            stage.assert_nothing_left();

            // The supervisor itself.
            let builder = Supervisor::builder().child(a.spec()).child(b.spec());
            let error = stage.system.start(builder).named("top").timeout(limit).await.unwrap_err();
            assert!(matches!(error, StartError::Timeout { .. }), "{error:?}");
            stage.assert_nothing_left();
            tokio::time::sleep(Duration::from_secs(60)).await;
            assert_eq!(stage.log.count("b up"), 0);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c008_a_start_that_nobody_waits_for_any_more_is_taken_back() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["a", "b"]);
        scripts[1].always_rises(Rise::Takes(Duration::from_secs(10)));
        let start = stage.system.start(with(Supervisor::builder(), &scripts)).named("top").into_future();
        let dropped = tokio::time::timeout(Duration::from_secs(1), start).await;
        assert!(dropped.is_err());
        eventually("nothing is left", async || stage.system.processes().is_empty()).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(stage.log.count("b up"), 0);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c009_a_child_that_fails_to_start_at_run_time_is_not_kept_and_not_tried_again() {
    bounded(async {
        let stage = Stage::new();
        let [a, b] = stage.scripts(["a", "b"]);
        // With no restart allowed, a counted one would end the supervisor.
        let builder =
            Supervisor::builder().strategy(RestartStrategy::OneForAll).max_restarts(0).child(a.spec());
        let supervisor = stage.supervise(builder).await;
        for rise in [Rise::Fails, Rise::Panics, Rise::HandlerFails, Rise::HandlerPanics] {
            b.rises([rise.clone()]);
            supervisor.start_child(b.spec().named("b")).await.unwrap_err();
            tokio::time::sleep(Duration::from_secs(10)).await;
            assert_eq!(stage.log.count("b starts"), 1, "{rise:?}");
            assert_eq!(stage.log.count("b up"), 0);
            stage.log.take();
            assert_eq!(rows(&supervisor).await, [("a".to_owned(), ChildStatus::Running)]);
            let health = supervisor.health().await.unwrap();
            assert_eq!((health.recent_restarts, health.stopped), (0, 0));
            assert_eq!((stage.system.counters().processes, stage.system.counters().names), (2, 0));
        }
        assert_eq!(worker(&supervisor, "a").await.process().incarnation(), 1);
        supervisor.start_child(b.spec().named("b")).await.unwrap();
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c010_a_name_held_by_somebody_else_is_an_error_with_that_one_in_it() {
    bounded(async {
        let stage = Stage::new();
        let [a, b, c] = stage.scripts(["a", "b", "c"]);
        let foreign = stage.system.start(c.build().await.unwrap()).named("wanted").await.unwrap();
        let supervisor = stage.supervise(Supervisor::builder().child(a.spec())).await;

        let error = supervisor.start_child(b.spec().named("wanted")).await.unwrap_err();
        assert_eq!(error, StartError::NameTaken { name: "wanted".into(), owner: foreign.pid() });
        assert_eq!(rows(&supervisor).await, [("a".to_owned(), ChildStatus::Running)]);
        assert_eq!(stage.log.lines(), [""; 0]);
        assert_eq!(foreign.bump().await, Ok(1));
        assert_eq!(stage.system.lookup::<Worker>("wanted"), Some(foreign.clone()));
        assert_eq!(stage.system.counters().processes, 3);

        // The same at init.
        let error =
            stage.system.start(Supervisor::builder().child(b.spec().named("wanted"))).await.unwrap_err();
        assert_eq!(error, StartError::NameTaken { name: "wanted".into(), owner: foreign.pid() });
        assert_eq!(foreign.bump().await, Ok(2));

        foreign.stop().await.unwrap();
        supervisor.start_child(b.spec().named("wanted")).await.unwrap();
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}
