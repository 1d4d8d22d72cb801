//! How children and supervisors end: C042 to C053.

use airssys_rt::SupervisorBuilder;
use airssys_rt::prelude::*;

use tests::actors::poll_once;
use tests::supervision::*;
use tokio::time::Instant;

const T: Duration = Duration::from_secs(2);

/// What every watcher finds when a child in the middle of a shutdown is told to stop: who is left of those before it.
fn names(stage: &Stage) -> Vec<&'static str> {
    let registered = |name: &&str| stage.system.lookup::<Worker>(name).is_some();
    ["a", "b", "c"].into_iter().filter(registered).collect()
}

#[tokio::test(start_paused = true)]
async fn c042_children_end_in_reverse_each_completely_before_the_next() {
    bounded(async {
        for nested in [false, true] {
            let stage = Stage::new();
            let scripts = stage.scripts(["a", "b", "c"]);
            let doors = [Door::default(), Door::default(), Door::default()];
            let mut builder = Supervisor::builder();
            for ((script, door), name) in scripts.iter().zip(&doors).zip(["a", "b", "c"]) {
                script.falls(Fall::Waits(door.clone()));
                builder = builder.child(script.spec().shutdown(Shutdown::Wait).named(name));
            }
            if nested {
                let below = spec_of(builder);
                builder =
                    Supervisor::builder().child(ChildSpec::supervisor("below", async move { Ok(below) }));
            }
            let supervisor = stage.supervise(builder).await;
            let stopping = supervisor.stop();
            let left = [vec!["a", "b", "c"], vec!["a", "b"], vec!["a"]];
            for ((id, door), left) in ["c", "b", "a"].into_iter().zip(doors.iter().rev()).zip(left) {
                stage.log.until(&format!("{id} stops: shutdown")).await;
                settle().await;
                // Told to stop: this one alone; those after it are gone, and so are their names.
                assert_eq!(stage.log.take().last().unwrap(), &format!("{id} stops: shutdown"));
                assert_eq!(names(&stage), left, "nested: {nested}");
                door.open();
            }
            assert_eq!(stopping.await, Ok(ExitReason::Shutdown));
            assert_eq!(stage.log.take(), ["a gone"]);
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c042_a_system_ends_its_trees_in_the_same_order() {
    bounded(async {
        let stage = Stage::new();
        let [a, b, c, d] = stage.scripts(["a", "b", "c", "d"]);
        stage.supervise(with(Supervisor::builder(), &[a, b])).await;
        stage.supervise(with(Supervisor::builder(), &[c, d])).await;
        let report = stage.system.shutdown().await;
        assert!(report.is_clean());
        assert_eq!(stage.gone(), ["d", "c", "b", "a"]);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c043_a_child_that_does_not_end_in_time_is_killed_and_the_others_stop_in_order() {
    bounded(async {
        for hangs_in_handler in [false, true] {
            let stage = Stage::new();
            let [a, b, c, d] = stage.scripts(["a", "b", "c", "d"]);
            let in_time = |script: &Script| script.spec().shutdown(Shutdown::After(T));
            let builder = [&a, &b, &c, &d].into_iter().fold(Supervisor::builder(), |builder, script| {
                builder.child(in_time(script).named(format!("name of {}", script.id())))
            });
            let supervisor = stage.supervise(builder).await;
            let mut downs = Vec::new();
            for id in ["b", "d"] {
                downs.push(worker(&supervisor, id).await.monitor());
            }
            if hangs_in_handler {
                for id in ["b", "d"] {
                    worker(&supervisor, id).await.hang().tell().await.unwrap();
                }
                stage.log.until_count("b hangs", 1).await;
                stage.log.until_count("d hangs", 1).await;
            } else {
                b.falls(Fall::Hangs);
                d.falls(Fall::Hangs);
            }
            let begun = Instant::now();
            assert_eq!(supervisor.stop().await, Ok(ExitReason::Shutdown));
            assert_eq!(begun.elapsed(), T * 2);
            for down in downs {
                assert_eq!(down.await.reason, ExitReason::Killed);
            }
            assert_eq!(stage.gone(), ["d", "c", "b", "a"]);
            assert_eq!(stage.system.counters().leaked, 0);
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c043_a_terminated_child_has_the_same_time() {
    bounded(async {
        let stage = Stage::new();
        let a = stage.script("a");
        a.falls(Fall::Hangs);
        let builder = Supervisor::builder().child(a.spec().shutdown(Shutdown::After(T)));
        let supervisor = stage.supervise(builder).await;
        let down = worker(&supervisor, "a").await.monitor();
        let begun = Instant::now();
        supervisor.terminate_child("a").await.unwrap();
        assert_eq!(begun.elapsed(), T);
        assert_eq!(down.await.reason, ExitReason::Killed);
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c044_a_brutal_kill_runs_no_stop_handler() {
    bounded(async {
        for terminated in [true, false] {
            let stage = Stage::new();
            let [a, b] = stage.scripts(["a", "b"]);
            let builder = Supervisor::builder().child(a.spec().shutdown(Shutdown::Kill)).child(b.spec());
            let supervisor = stage.supervise(builder).await;
            let a = worker(&supervisor, "a").await;
            let down = a.monitor();
            a.hang().tell().await.unwrap();
            stage.log.until("a hangs").await;
            stage.log.take();
            let begun = Instant::now();
            if terminated {
                supervisor.terminate_child("a").await.unwrap();
                assert_eq!(stage.log.take(), ["a gone"]);
            } else {
                supervisor.stop().await.unwrap();
                assert_eq!(stage.log.take(), ["b stops: shutdown", "b gone", "a gone"]);
            }
            assert_eq!(begun.elapsed(), Duration::ZERO);
            assert_eq!(down.await.reason, ExitReason::Killed);
            let _ = supervisor.stop().await;
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c044_dynamic_children_can_be_killed_brutally_too() {
    bounded(async {
        let stage = Stage::new();
        let spec = Supervisor::builder().plan(|mut children| async move {
            let pool = ChildSpec::dynamic("pool", |script: Script| script.build());
            children.start(pool.shutdown(Shutdown::Kill)).await
        });
        let supervisor = stage.system.start(spec).await.unwrap();
        let mut downs = Vec::new();
        for id in ["a", "b", "c"] {
            downs.push(supervisor.start(stage.script(id)).await.unwrap().monitor());
        }
        stage.log.take();
        let first = supervisor.members().await.unwrap().remove(0);
        supervisor.terminate(first.pid()).await.unwrap();
        assert_eq!(stage.log.take(), ["a gone"]);
        supervisor.stop().await.unwrap();
        for down in downs {
            assert_eq!(down.await.reason, ExitReason::Killed);
        }
        assert!(stage.log.lines().iter().all(|line| !line.contains("stops")));
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c045_a_child_with_unlimited_time_is_waited_for() {
    bounded(async {
        let hour = Duration::from_secs(3600);
        let stage = Stage::new();
        let [a, inner] = stage.scripts(["a", "inner"]);
        a.falls(Fall::Takes(hour));
        inner.falls(Fall::Takes(hour * 2));
        let below = spec_of(Supervisor::builder().child(inner.spec().shutdown(Shutdown::Wait)));
        let builder = Supervisor::builder()
            .child(a.spec().shutdown(Shutdown::Wait))
            // A supervisor is waited for without saying so.
            .child(ChildSpec::supervisor("below", async move { Ok(below) }));
        let supervisor = stage.supervise(builder).await;
        let begun = Instant::now();
        assert_eq!(supervisor.stop().await, Ok(ExitReason::Shutdown));
        assert_eq!(begun.elapsed(), hour * 3);
        let expected = ["inner stops: shutdown", "inner gone", "a stops: shutdown", "a gone"];
        assert_eq!(stage.log.take(), expected);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c045_a_supervisor_below_with_a_limit_is_killed_with_its_children() {
    bounded(async {
        let stage = Stage::new();
        let [a, inner, deep] = stage.scripts(["a", "inner", "deep"]);
        deep.falls(Fall::Hangs);
        let children = [&inner, &deep].into_iter().fold(Supervisor::builder(), |builder, script| {
            builder.child(script.spec().shutdown(Shutdown::Wait))
        });
        let below = spec_of(children);
        let below = ChildSpec::supervisor("below", async move { Ok(below) }).shutdown(Shutdown::After(T));
        let supervisor = stage.supervise(Supervisor::builder().child(a.spec()).child(below)).await;
        let begun = Instant::now();
        assert_eq!(supervisor.stop().await, Ok(ExitReason::Shutdown));
        assert_eq!(begun.elapsed(), T);
        let expected = ["deep stops: shutdown", "deep gone", "inner gone", "a stops: shutdown", "a gone"];
        assert_eq!(stage.log.take(), expected);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c046_children_that_end_by_themselves_during_the_shutdown_do_not_disturb_it() {
    bounded(async {
        for how in ["normal", "shutdown", "failed", "panicked", "killed"] {
            let stage = Stage::new();
            let [a, b, c, d] = stage.scripts(["a", "b", "c", "d"]);
            let door = Door::default();
            d.falls(Fall::Waits(door.clone()));
            let builder = Supervisor::builder()
                .strategy(RestartStrategy::OneForAll)
                .child(a.spec())
                .child(b.spec().restart(RestartPolicy::Transient))
                .child(c.spec().restart(RestartPolicy::Temporary))
                .child(d.spec().shutdown(Shutdown::Wait));
            let supervisor = stage.supervise(builder).await;
            let mut early = Vec::new();
            for id in ["a", "b", "c"] {
                early.push(worker(&supervisor, id).await);
            }
            let downs: Vec<_> = early.iter().map(ActorRef::monitor).collect();
            let down = supervisor.monitor();
            let stopping = supervisor.stop();
            stage.log.until("d stops: shutdown").await;
            for child in &early {
                match how {
                    "normal" => child.finish().try_tell().unwrap(),
                    "shutdown" => drop(child.stop()),
                    "failed" => child.go_wrong().try_tell().unwrap(),
                    "panicked" => child.crash().try_tell().unwrap(),
                    _ => drop(child.kill()),
                }
            }
            eventually("the three are gone", async || stage.gone().len() == 3).await;
            settle().await;
            door.open();
            assert_eq!(stopping.await, Ok(ExitReason::Shutdown), "{how}");
            assert_eq!(down.await.reason, ExitReason::Shutdown);
            assert_eq!(stage.gone().len(), 4);
            assert!(stage.log.lines().iter().all(|line| !line.ends_with("starts")), "{how}");
            for down in downs {
                // Each with the reason of its own.
                let reason = down.await.reason.to_string();
                assert!(reason.starts_with(how), "{how}: {reason}");
            }
            assert_eq!(stage.system.counters().restarts, 0);
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c047_a_caller_who_waits_no_longer_does_not_cut_the_shutdown_short() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["a", "b"]);
        for script in &scripts {
            script.falls(Fall::Takes(T));
        }
        let supervisor = stage.supervise(with(Supervisor::builder(), &scripts)).await;
        let down = supervisor.monitor();
        let begun = Instant::now();
        assert!(tokio::time::timeout(T / 2, supervisor.stop()).await.is_err());
        assert_eq!(stage.gone(), [""; 0]);
        assert_eq!(down.await.reason, ExitReason::Shutdown);
        assert_eq!(begun.elapsed(), T * 2);
        assert_eq!(stage.gone(), ["b", "a"]);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c048_dynamic_children_stop_at_the_same_time() {
    bounded(async {
        let stage = Stage::new();
        let spec = Supervisor::builder().plan(|mut children| async move {
            let pool = ChildSpec::dynamic("pool", |script: Script| script.build());
            children.start(pool.shutdown(Shutdown::After(T))).await
        });
        let supervisor = stage.system.start(spec).await.unwrap();
        let mut downs = Vec::new();
        for number in 0..100_u64 {
            let script = stage.script(&format!("child {number}"));
            // One in ten does not end in time.
            let fall = if number % 10 == 0 { Fall::Hangs } else { Fall::Takes(T / 2) };
            script.falls(fall);
            downs.push((number, supervisor.start(script).await.unwrap().monitor()));
        }
        let begun = Instant::now();
        assert_eq!(supervisor.stop().await, Ok(ExitReason::Shutdown));
        assert_eq!(begun.elapsed(), T);
        assert_eq!(stage.gone().len(), 100);
        for (number, down) in downs {
            let expected = if number % 10 == 0 { ExitReason::Killed } else { ExitReason::Shutdown };
            assert_eq!(down.await.reason, expected);
        }
        stage.assert_nothing_left();
    })
    .await;
}

/// A tree of three levels: `a`, `inner` and `deep`.
fn tree(stage: &Stage, fall: Fall) -> SupervisorBuilder {
    let [a, inner, deep] = stage.scripts(["a", "inner", "deep"]);
    deep.falls(fall);
    let low = spec_of(Supervisor::builder().child(deep.spec().shutdown(Shutdown::Wait)));
    let low = ChildSpec::supervisor("low", async move { Ok(low) });
    let below = spec_of(Supervisor::builder().child(inner.spec()).child(low));
    let below = ChildSpec::supervisor("below", async move { Ok(below) });
    Supervisor::builder().child(a.spec().named("a")).child(below)
}

#[tokio::test(start_paused = true)]
async fn c049_a_killed_supervisor_leaves_no_orphans() {
    bounded(async {
        let stage = Stage::new();
        let supervisor = stage.supervise(tree(&stage, Fall::Fine)).await;
        let added = stage.script("added");
        supervisor.start_child(added.spec()).await.unwrap();
        stage.log.take();
        assert_eq!(supervisor.kill().await, Ok(ExitReason::Killed));
        // Everybody is gone, and nobody was asked.
        let mut gone = stage.log.take();
        gone.sort();
        assert_eq!(gone, ["a gone", "added gone", "deep gone", "inner gone"]);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c049_a_supervisor_killed_in_the_middle_of_stopping_a_child_leaves_no_orphans() {
    bounded(async {
        // While it stops; while it terminates a child; while it starts one; while it restarts a group.
        for moment in ["stopping", "terminating", "starting", "restarting"] {
            let stage = Stage::new();
            let builder = tree(&stage, Fall::Hangs).strategy(RestartStrategy::OneForAll);
            let supervisor = stage.supervise(builder).await;
            let late = stage.script("late");
            late.always_rises(Rise::Hangs);
            let handle = supervisor.clone();
            match moment {
                "stopping" => {
                    drop(supervisor.stop());
                    stage.log.until("deep stops: shutdown").await;
                }
                "terminating" => {
                    tokio::spawn(async move { handle.terminate_child("below").await });
                    stage.log.until("deep stops: shutdown").await;
                }
                "starting" => {
                    tokio::spawn(async move { handle.start_child(late.spec()).await });
                    stage.log.until("late starts").await;
                }
                _ => {
                    crash(&worker(&supervisor, "a").await).await;
                    stage.log.until("deep stops: shutdown").await;
                }
            }
            settle().await;
            let begun = Instant::now();
            assert_eq!(supervisor.kill().await, Ok(ExitReason::Killed), "{moment}");
            assert_eq!(begun.elapsed(), Duration::ZERO, "{moment}");
            settle().await;
            stage.assert_nothing_left();
            for id in ["a", "inner", "deep"] {
                assert_eq!(stage.log.count(&format!("{id} gone")), 1, "{moment}");
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c049_a_supervisor_that_ends_for_good_takes_its_waiting_callers_with_it() {
    bounded(async {
        let stage = Stage::new();
        let supervisor = stage.supervise(tree(&stage, Fall::Fine)).await;
        let late = stage.script("late");
        late.always_rises(Rise::Hangs);
        let starting = {
            let supervisor = supervisor.clone();
            tokio::spawn(async move { supervisor.start_child(late.spec()).await })
        };
        stage.log.until("late starts").await;
        let (first, second) = (supervisor.clone(), supervisor.clone());
        let counting = tokio::spawn(async move { first.count().await });
        let terminating = tokio::spawn(async move { second.terminate_child("a").await });
        settle().await;
        supervisor.kill().await.unwrap();
        assert_eq!(starting.await.unwrap().unwrap_err(), StartError::NoSupervisor);
        assert_eq!(counting.await.unwrap(), Err(ChildError::NoSupervisor));
        assert_eq!(terminating.await.unwrap(), Err(ChildError::NoSupervisor));
        stage.assert_nothing_left();
    })
    .await;
}

#[test]
fn c049_a_runtime_that_goes_away_leaves_nobody_behind() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stage = runtime.block_on(bounded(async {
        let stage = Stage::new();
        stage.supervise(tree(&stage, Fall::Fine)).await;
        stage
    }));
    drop(runtime);
    let mut gone = stage.log.take();
    gone.sort();
    assert_eq!(gone, ["a gone", "deep gone", "inner gone"]);
    stage.assert_nothing_left();
}

#[tokio::test(start_paused = true)]
async fn c050_when_stop_returns_everything_about_the_end_is_done() {
    bounded(async {
        let stage = Stage::new();
        let scripts = stage.scripts(["a", "b"]);
        for script in &scripts {
            script.falls(Fall::Takes(T));
        }
        let [a, b] = scripts;
        let single = stage.system.start(a.build().await.unwrap()).named("single").await.unwrap();
        let supervisor = stage.supervise(Supervisor::builder().child(b.spec().named("child"))).await;
        let downs = [single.monitor(), supervisor.monitor(), worker(&supervisor, "b").await.monitor()];
        assert_eq!(single.stop().await, Ok(ExitReason::Shutdown));
        assert_eq!(stage.log.take(), ["a stops: shutdown", "a gone"]);
        assert!(stage.system.lookup::<Worker>("single").is_none());
        assert_eq!(supervisor.stop().await, Ok(ExitReason::Shutdown));
        assert_eq!(stage.log.take(), ["b stops: shutdown", "b gone"]);
        assert!(stage.system.lookup::<Worker>("child").is_none());
        for down in downs {
            // It is there already: not even a yield is needed.
            tokio::select! {
                biased;
                down = down => assert_eq!(down.reason, ExitReason::Shutdown),
                () = std::future::ready(()) => panic!("a monitor has not been told"),
            }
        }
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c051_what_has_ended_is_not_running() {
    bounded(async {
        let stage = Stage::new();
        let [a, b] = stage.scripts(["a", "b"]);
        let single = stage.system.spawn(a.build().await.unwrap());
        let supervisor = stage.supervise(Supervisor::builder().child(b.spec())).await;
        let child = worker(&supervisor, "b").await;
        single.stop().await.unwrap();
        supervisor.stop().await.unwrap();
        for _ in 0..2 {
            assert!(single.stop().await.is_err());
            assert!(single.drain().await.is_err());
            assert!(single.kill().await.is_err());
            assert!(child.stop().await.is_err());
            assert!(supervisor.stop().await.is_err());
            assert!(supervisor.kill().await.is_err());
        }
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c051_two_who_stop_the_same_one_get_the_same_end() {
    bounded(async {
        let stage = Stage::new();
        let script = stage.script("a");
        script.falls(Fall::Takes(T));
        let supervisor = stage.supervise(Supervisor::builder().child(script.spec())).await;
        let both = (supervisor.stop(), supervisor.stop());
        assert_eq!((both.0.await, both.1.await), (Ok(ExitReason::Shutdown), Ok(ExitReason::Shutdown)));
        assert_eq!(stage.log.take(), ["a stops: shutdown", "a gone"]);
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c052_a_new_incarnation_begins_when_the_old_one_is_over() {
    bounded(async {
        let stage = Stage::new();
        let script = stage.script("a");
        let door = Door::default();
        script.falls(Fall::Waits(door.clone()));
        let builder = Supervisor::builder().child(script.spec().shutdown(Shutdown::Wait).named("a"));
        let supervisor = stage.supervise(builder).await;
        let a = worker(&supervisor, "a").await;
        // A failure without a panic: its stop handler runs, and takes its time.
        assert!(matches!(a.go_wrong().await, Err(AskError::Failed { .. })));
        stage.log.until("a stops: failed: gone wrong").await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        settle().await;
        assert_eq!(stage.log.take(), ["a stops: failed: gone wrong"]);
        assert_eq!(a.process().incarnation(), 1);
        door.open();
        stage.log.until("a up").await;
        assert_eq!(stage.log.take(), ["a gone", "a starts", "a up"]);
        assert_eq!(stage.system.lookup::<Worker>("a"), Some(a));
        supervisor.stop().await.unwrap();
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c053_a_stop_handler_that_fails_or_panics_ends_its_child_all_the_same() {
    bounded(async {
        for fall in [Fall::Fails, Fall::Panics] {
            let stage = Stage::new();
            let scripts = stage.scripts(["a", "b"]);
            scripts[1].falls(fall.clone());
            let supervisor = stage.supervise(with(Supervisor::builder(), &scripts)).await;
            assert_eq!(supervisor.stop().await, Ok(ExitReason::Shutdown), "{fall:?}");
            assert_eq!(stage.gone(), ["b", "a"]);
            stage.assert_nothing_left();
        }
    })
    .await;
}

/// On the real clock, since an actor that does not yield needs a thread of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn c053_a_child_that_cannot_be_aborted_is_reported_and_left_behind() {
    bounded(async {
        for how in ["stop", "terminate", "delete"] {
            let stage = Stage::new();
            let [a, b, c] = stage.scripts(["a", "b", "c"]);
            let short = Shutdown::After(Duration::from_millis(10));
            let builder = Supervisor::builder()
                .child(a.spec())
                .child(b.spec().shutdown(short).named("b"))
                .child(c.spec());
            let supervisor = stage.supervise(builder).await;
            let b = worker(&supervisor, "b").await;
            let down = b.monitor();
            let (release, released) = std::sync::mpsc::channel();
            b.block(released).tell().await.unwrap();
            stage.log.until("b blocks").await;
            stage.log.take();

            if how == "stop" {
                assert_eq!(supervisor.stop().await, Ok(ExitReason::Shutdown));
                let expected = ["c stops: shutdown", "c gone", "a stops: shutdown", "a gone"];
                assert_eq!(stage.log.take(), expected);
            } else {
                supervisor.terminate_child("b").await.unwrap();
                assert_eq!(status(&supervisor, "b").await, Some(ChildStatus::Stopped));
                if how == "delete" {
                    supervisor.delete_child("b").await.unwrap();
                }
            }
            assert_eq!(stage.system.counters().leaked, 1);
            // Once it yields it ends, with everything of it.
            release.send(()).unwrap();
            assert_eq!(down.await.reason, ExitReason::Killed);
            assert!(stage.system.lookup::<Worker>("b").is_none());
            assert_eq!(stage.log.take(), ["b gone"]);
            let _ = supervisor.stop().await;
            stage.assert_nothing_left();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn c053_a_child_that_cannot_be_aborted_is_reported_once() {
    bounded(async {
        let stage = Stage::new();
        let b = stage.script("b");
        let builder = Supervisor::builder().child(b.spec().shutdown(Shutdown::Kill));
        let supervisor = stage.supervise(builder).await;
        let b = worker(&supervisor, "b").await;
        let (release, released) = std::sync::mpsc::channel();
        b.block(released).tell().await.unwrap();
        stage.log.until("b blocks").await;
        let down = b.monitor();
        supervisor.stop().await.unwrap();
        assert_eq!(stage.system.counters().leaked, 1);
        release.send(()).unwrap();
        down.await;
        stage.assert_nothing_left();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn c053_no_second_incarnation_runs_beside_one_that_does_not_yield() {
    bounded(async {
        let stage = Stage::new();
        let [a, b] = stage.scripts(["a", "b"]);
        let builder = Supervisor::builder()
            .strategy(RestartStrategy::OneForAll)
            .max_restarts(2)
            .within(Duration::from_secs(3600))
            .child(a.spec())
            .child(b.spec().shutdown(Shutdown::Kill));
        let supervisor = stage.supervise(builder).await;
        let (b, down) = (worker(&supervisor, "b").await, supervisor.monitor());
        let b_down = b.monitor();
        let (release, released) = std::sync::mpsc::channel();
        b.block(released).tell().await.unwrap();
        stage.log.until("b blocks").await;
        stage.log.take();
        crash(&worker(&supervisor, "a").await).await;
        // It cannot be started while the old one runs: the limit ends the tries.
        assert_eq!(down.await.reason, ExitReason::Shutdown);
        assert_eq!(stage.log.count("b starts"), 0);
        assert_eq!(stage.log.count("a gone"), 3);
        release.send(()).unwrap();
        assert_eq!(b_down.await.reason, ExitReason::Killed);
        stage.assert_nothing_left();
    })
    .await;
}

/// Keeps whoever drops it until the gate is opened.
struct Kept {
    reached: std::sync::mpsc::Sender<()>,
    gate: std::sync::mpsc::Receiver<()>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.reached.send(()).unwrap();
        self.gate.recv_timeout(Duration::from_secs(60)).unwrap();
    }
}

#[actor]
struct Holder;

#[handlers]
impl Holder {
    #[handler]
    async fn hold(&mut self) {
        std::future::pending::<()>().await;
    }

    #[handler]
    fn take(&mut self, kept: Kept) {
        drop(kept);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c050_c051_who_stops_one_that_is_about_to_be_gone_or_all_waits_until_it_is() {
    let system = System::new("test");
    let holder = system.spawn(Holder);
    holder.hold().try_tell().unwrap();
    let (reached, here) = std::sync::mpsc::channel();
    let (open, gate) = std::sync::mpsc::channel();
    holder.take(Kept { reached, gate }).try_tell().unwrap();
    let killed = holder.kill();
    // It has ended, and buries what was queued.
    tokio::task::block_in_place(|| here.recv_timeout(Duration::from_secs(60))).unwrap();
    let mut stopped = holder.stop();
    assert!(poll_once(&mut stopped).await.is_pending());
    let mut shutdown = std::pin::pin!(system.shutdown());
    assert!(poll_once(&mut shutdown).await.is_pending());
    open.send(()).unwrap();
    let report = shutdown.await;
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(report.ended, 0, "its end had come before");
    assert_eq!(system.counters().processes, 0);
    assert_eq!(killed.await, Ok(ExitReason::Killed));
    assert_eq!(stopped.await, Ok(ExitReason::Killed));
    assert!(holder.stop().await.is_err(), "it is gone");
}
