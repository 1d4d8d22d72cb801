//! Which siblings a failure takes down, and in which order they stop and start: C020 to C030.

use airssys_rt::SupervisorBuilder;
use airssys_rt::prelude::*;
use tests::supervision::*;

fn strategy(strategy: RestartStrategy) -> SupervisorBuilder {
    Supervisor::builder().strategy(strategy)
}

/// The incarnations of the children, in start order.
async fn incarnations(supervisor: &Supervised<()>) -> Vec<u32> {
    supervisor.children().await.unwrap().into_iter().map(|row| row.incarnation).collect()
}

/// What the log says when the children `down` stop in reverse and `up` start in order.
fn regrouped(failed: &str, down: &[&str], up: &[&str]) -> Vec<String> {
    let mut lines = vec![format!("{failed} gone")];
    lines.extend(down.iter().flat_map(|id| [format!("{id} stops: shutdown"), format!("{id} gone")]));
    lines.extend(up.iter().flat_map(|id| [format!("{id} starts"), format!("{id} up")]));
    lines
}

#[tokio::test(start_paused = true)]
async fn c020_one_for_one_restarts_the_failed_child_alone() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["a", "b"]);
        let supervisor = stage.supervise(with(strategy(RestartStrategy::OneForOne), &scripts)).await;
        let (a, b) = (worker(&supervisor, "a").await, worker(&supervisor, "b").await);
        assert_eq!((a.bump().await, b.bump().await), (Ok(1), Ok(1)));
        crash_and_wait(&a).await;
        assert_eq!(stage.log.take(), regrouped("a", &[], &["a"]));
        assert_eq!(incarnations(&supervisor).await, [2, 1]);
        assert_eq!((a.bump().await, b.bump().await), (Ok(1), Ok(2)));
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c021_one_for_all_stops_in_reverse_and_starts_in_order() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["a", "b", "c"]);
        // The stop handlers take their time: nobody may start before the last of them is done.
        for script in &scripts {
            script.falls(Fall::Takes(Duration::from_secs(1)));
        }
        let supervisor = stage.supervise(with(strategy(RestartStrategy::OneForAll), &scripts)).await;
        crash(&worker(&supervisor, "b").await).await;
        stage.log.until("c up").await;
        assert_eq!(stage.log.take(), regrouped("b", &["c", "a"], &["a", "b", "c"]));
        assert_eq!(incarnations(&supervisor).await, [2, 2, 2]);
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c022_rest_for_one_takes_down_those_started_after_the_failed_one() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["a", "b", "c", "d", "e"]);
        let supervisor = stage.supervise(with(strategy(RestartStrategy::RestForOne), &scripts)).await;
        let (a, b) = (worker(&supervisor, "a").await, worker(&supervisor, "b").await);
        assert_eq!((a.bump().await, b.bump().await), (Ok(1), Ok(1)));
        crash(&worker(&supervisor, "c").await).await;
        stage.log.until("e up").await;
        assert_eq!(stage.log.take(), regrouped("c", &["e", "d"], &["c", "d", "e"]));
        assert_eq!(incarnations(&supervisor).await, [1, 1, 2, 2, 2]);
        assert_eq!((a.bump().await, b.bump().await), (Ok(2), Ok(2)));
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c023_the_last_child_and_the_only_child_restart_alone() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["a", "b", "c"]);
        let supervisor = stage.supervise(with(strategy(RestartStrategy::RestForOne), &scripts)).await;
        crash_and_wait(&worker(&supervisor, "c").await).await;
        assert_eq!(stage.log.take(), regrouped("c", &[], &["c"]));
        assert_eq!(incarnations(&supervisor).await, [1, 1, 2]);
        supervisor.stop().await.unwrap();

        let single = stage.scripts(["a"]);
        let supervisor = stage.supervise(with(strategy(RestartStrategy::OneForAll), &single)).await;
        crash_and_wait(&worker(&supervisor, "a").await).await;
        assert_eq!(stage.log.take(), regrouped("a", &[], &["a"]));
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c024_many_restarts_change_no_order() {
    bounded(async {
        for kind in [RestartStrategy::OneForOne, RestartStrategy::OneForAll, RestartStrategy::RestForOne] {
            let stage = Stage::new();
            let scripts = stage.scripts(["a", "b", "c"]);
            let supervisor = stage.supervise(with(strategy(kind).max_restarts(100), &scripts)).await;
            for id in ["a", "b", "a", "c", "b", "a", "b"] {
                crash_and_wait(&worker(&supervisor, id).await).await;
                let running = ["a", "b", "c"].map(|id| (id.to_owned(), ChildStatus::Running));
                assert_eq!(rows(&supervisor).await, running);
            }
            stage.log.take();
            supervisor.stop().await.unwrap();
            assert_eq!(stage.gone(), ["c", "b", "a"], "{kind:?}");
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c025_one_for_all_starts_the_whole_group_again_when_one_of_it_does_not_start() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["a", "b", "c"]);
        let builder = strategy(RestartStrategy::OneForAll).max_restarts(3);
        let supervisor = stage.supervise(with(builder, &scripts)).await;
        scripts[1].rises([Rise::Fails, Rise::Panics]);
        crash(&worker(&supervisor, "c").await).await;
        stage.log.until("c up").await;
        let mut expected = regrouped("c", &["b", "a"], &["a"]);
        for _ in 0..2 {
            expected.extend(texts(["b starts", "a stops: shutdown", "a gone", "a starts", "a up"]));
        }
        expected.extend(texts(["b starts", "b up", "c starts", "c up"]));
        assert_eq!(stage.log.take(), expected);
        // One for the crash and one for each further try.
        assert_eq!(supervisor.health().await.unwrap().recent_restarts, 3);
        assert_eq!(incarnations(&supervisor).await, [4, 4, 2]);

        // One more is one too many.
        let down = supervisor.monitor();
        crash(&worker(&supervisor, "a").await).await;
        assert_eq!(down.await.reason, ExitReason::Shutdown);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c025_a_group_that_never_comes_up_is_ended_by_the_limit() {
    bounded(async {
        for kind in [RestartStrategy::OneForAll, RestartStrategy::RestForOne] {
            let stage = Stage::new();
            let scripts = stage.scripts(["a", "b", "c"]);
            let supervisor = stage.supervise(with(strategy(kind).max_restarts(3), &scripts)).await;
            scripts[1].always_rises(Rise::Fails);
            let down = supervisor.monitor();
            crash(&worker(&supervisor, "a").await).await;
            assert_eq!(down.await.reason, ExitReason::Shutdown);
            assert_eq!(stage.log.count("b starts"), 3, "{kind:?}");
            assert_eq!(stage.log.count("c starts"), 0);
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c026_rest_for_one_goes_on_at_the_child_that_did_not_start() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["a", "b", "c"]);
        let supervisor = stage.supervise(with(strategy(RestartStrategy::RestForOne), &scripts)).await;
        scripts[1].rises([Rise::Fails, Rise::HandlerPanics]);
        crash(&worker(&supervisor, "a").await).await;
        stage.log.until("c up").await;
        let mut expected = regrouped("a", &["c", "b"], &["a"]);
        expected.extend(texts(["b starts", "b starts", "b gone", "b starts", "b up", "c starts", "c up"]));
        assert_eq!(stage.log.take(), expected);
        assert_eq!(supervisor.health().await.unwrap().recent_restarts, 3);
        assert_eq!(incarnations(&supervisor).await, [2, 4, 2]);
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c025_c026_a_pool_that_does_not_come_up_with_its_group_is_tried_again_with_it() {
    bounded(async {
        for kind in [RestartStrategy::OneForAll, RestartStrategy::RestForOne] {
            let stage = Stage::new();
            let [a, pool, c] = stage.scripts(["a", "pool", "c"]);
            let builder = strategy(kind).child(a.spec()).child(pool.spec().pool(2)).child(c.spec());
            let supervisor = stage.supervise(builder).await;
            pool.rises([Rise::Fine, Rise::Fails]);
            crash(&worker(&supervisor, "a").await).await;
            stage.log.until("c up").await;
            let running = ["a", "pool", "pool", "c"].map(|id| (id.to_owned(), ChildStatus::Running));
            assert_eq!(rows(&supervisor).await, running, "{kind:?}");
            supervisor.stop().await.unwrap();
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c027_a_group_restart_counts_once() {
    bounded(async {
        for kind in [RestartStrategy::OneForAll, RestartStrategy::RestForOne] {
            let stage = Stage::new();
            let scripts = stage.scripts(["a", "b", "c", "d"]);
            let supervisor = stage.supervise(with(strategy(kind).max_restarts(2), &scripts)).await;
            for times in 1..=2 {
                crash(&worker(&supervisor, "a").await).await;
                stage.log.until_count("d up", times).await;
                until_status(&supervisor, "d", Some(ChildStatus::Running)).await;
                assert_eq!(supervisor.health().await.unwrap().recent_restarts, times as u32);
            }
            let down = supervisor.monitor();
            crash(&worker(&supervisor, "a").await).await;
            assert_eq!(down.await.reason, ExitReason::Shutdown);
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c028_two_failures_at_one_instant_make_one_new_group() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["a", "b"]);
        let supervisor = stage.supervise(with(strategy(RestartStrategy::OneForAll), &scripts)).await;
        let (a, b) = (worker(&supervisor, "a").await, worker(&supervisor, "b").await);
        // Both messages are in before either actor runs, so both ends are in before the supervisor runs.
        a.crash().try_tell().unwrap();
        b.crash().try_tell().unwrap();
        stage.log.until("b up").await;
        settle().await;
        assert_eq!(incarnations(&supervisor).await, [2, 2]);
        assert_eq!(supervisor.health().await.unwrap().recent_restarts, 1);
        let mut log = stage.log.take();
        let starts = log.split_off(2);
        log.sort();
        assert_eq!(log, ["a gone", "b gone"]);
        assert_eq!(starts, ["a starts", "a up", "b starts", "b up"]);
        assert_eq!((a.bump().await, b.bump().await), (Ok(1), Ok(1)));
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c028_a_failure_in_the_middle_of_a_group_restart_is_no_second_one() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["a", "b", "c"]);
        let door = Door::default();
        scripts[2].falls(Fall::Waits(door.clone()));
        let supervisor = stage.supervise(with(strategy(RestartStrategy::OneForAll), &scripts)).await;
        let (a, b) = (worker(&supervisor, "a").await, worker(&supervisor, "b").await);
        crash(&a).await;
        stage.log.until("c stops: shutdown").await;
        // The group goes down, and `b` fails before it is told to stop.
        crash(&b).await;
        stage.log.until("b gone").await;
        door.open();
        stage.log.until("c up").await;
        settle().await;
        assert_eq!(incarnations(&supervisor).await, [2, 2, 2]);
        assert_eq!(supervisor.health().await.unwrap().recent_restarts, 1);
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c028_however_two_failures_meet_the_group_is_coherent_afterwards() {
    bounded(async {
        for _ in 0..100 {
            let stage = Stage::new();
            let scripts = stage.scripts(["a", "b"]);
            let builder = strategy(RestartStrategy::OneForAll).max_restarts(10);
            let supervisor = stage.supervise(with(builder, &scripts)).await;
            let (a, b) = (worker(&supervisor, "a").await, worker(&supervisor, "b").await);
            let both =
                [a.clone(), b.clone()].map(|one| tokio::spawn(async move { one.go_wrong().try_tell() }));
            for crash in both {
                crash.await.unwrap().unwrap();
            }
            eventually("both were restarted", async || {
                let running =
                    rows(&supervisor).await.into_iter().all(|(_, status)| status == ChildStatus::Running);
                // Both failures are seen, and the second one's restart, if it made one, is counted everywhere.
                let restarts = supervisor.health().await.unwrap().recent_restarts;
                running
                    && stage.system.counters().failures == 2
                    && restarts >= 1
                    && incarnations(&supervisor).await == vec![restarts + 1, restarts + 1]
            })
            .await;
            let restarts = supervisor.health().await.unwrap().recent_restarts;
            assert!((1..=2).contains(&restarts));
            // A new group begins when all of the old one are gone; `a` of a new one may have failed when `b` starts.
            let mut alive = 2;
            for line in stage.log.take() {
                match line.rsplit_once(' ').unwrap() {
                    (_, "gone") => alive -= 1,
                    ("a", "starts") => assert_eq!(alive, 0),
                    ("b", "starts") => assert!(alive <= 1),
                    (_, "up") => alive += 1,
                    _ => {}
                }
            }
            supervisor.stop().await.unwrap();
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c029_children_added_at_run_time_take_part_in_order_of_addition() {
    bounded(async {
        for (kind, down) in [
            (RestartStrategy::OneForAll, &["d", "c", "a"][..]),
            (RestartStrategy::RestForOne, &["d", "c"][..]),
        ] {
            let stage = Stage::new();
            let [a, b, c, d] = stage.scripts(["a", "b", "c", "d"]);
            let supervisor = stage.supervise(with(strategy(kind), &[a, b])).await;
            supervisor.start_child(c.spec()).await.unwrap();
            supervisor.start_child(d.spec()).await.unwrap();
            stage.log.take();
            crash(&worker(&supervisor, "b").await).await;
            stage.log.until("d up").await;
            let up = if kind == RestartStrategy::OneForAll {
                &["a", "b", "c", "d"][..]
            } else {
                &["b", "c", "d"][..]
            };
            assert_eq!(stage.log.take(), regrouped("b", down, up));

            // An added one takes its group down as a declared one does.
            crash(&worker(&supervisor, "c").await).await;
            stage.log.until("d up").await;
            let down = if kind == RestartStrategy::OneForAll { &["d", "b", "a"][..] } else { &["d"][..] };
            let up =
                if kind == RestartStrategy::OneForAll { &["a", "b", "c", "d"][..] } else { &["c", "d"][..] };
            assert_eq!(stage.log.take(), regrouped("c", down, up));
            supervisor.stop().await.unwrap();
            assert_eq!(stage.gone(), ["d", "c", "b", "a"]);
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c030_a_stopped_child_that_is_kept_starts_again_with_its_group() {
    bounded(async {
        for terminated in [true, false] {
            let stage = Stage::new();
            let [a, b, c] = stage.scripts(["a", "b", "c"]);
            let builder = strategy(RestartStrategy::OneForAll)
                .child(a.spec())
                .child(b.spec().restart(RestartPolicy::Transient).named("b"))
                .child(c.spec());
            let supervisor = stage.supervise(builder).await;
            let b = worker(&supervisor, "b").await;
            if terminated {
                supervisor.terminate_child("b").await.unwrap();
            } else {
                b.finish().await.unwrap_or(());
            }
            until_status(&supervisor, "b", Some(ChildStatus::Stopped)).await;
            stage.log.take();
            crash(&worker(&supervisor, "a").await).await;
            stage.log.until("c up").await;
            assert_eq!(stage.log.take(), regrouped("a", &["c"], &["a", "b", "c"]));
            let running = ["a", "b", "c"].map(|id| (id.to_owned(), ChildStatus::Running));
            assert_eq!(rows(&supervisor).await, running);
            // The reference of before serves again, and so does the name.
            assert_eq!(b.bump().await, Ok(1));
            assert_eq!(stage.system.lookup::<Worker>("b"), Some(b));
            supervisor.stop().await.unwrap();
            stage.assert_nothing_left();
        }
    })
    .await;
}
