//! Whatever is done to a tree in whatever order: nothing hangs, nothing overlaps, nothing is left.

use std::collections::HashMap;

use airssys_rt::prelude::*;
use tests::supervision::*;

/// A small generator of numbers: the same seed, the same numbers.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len() as u64) as usize].clone()
    }
}

const STRATEGIES: [RestartStrategy; 3] =
    [RestartStrategy::OneForOne, RestartStrategy::OneForAll, RestartStrategy::RestForOne];
const POLICIES: [RestartPolicy; 3] =
    [RestartPolicy::Permanent, RestartPolicy::Transient, RestartPolicy::Temporary];

fn rise(dice: &mut Dice) -> Rise {
    match dice.roll(12) {
        0 => Rise::Fails,
        1 => Rise::Panics,
        2 => Rise::HandlerFails,
        3 => Rise::HandlerPanics,
        4 => Rise::Ignored,
        5 => Rise::Takes(Duration::from_millis(300)),
        6 => Rise::Hangs,
        _ => Rise::Fine,
    }
}

fn fall(dice: &mut Dice) -> Fall {
    match dice.roll(8) {
        0 => Fall::Fails,
        1 => Fall::Panics,
        2 => Fall::Hangs,
        3 => Fall::Takes(Duration::from_millis(400)),
        _ => Fall::Fine,
    }
}

fn spec(dice: &mut Dice, script: &Script) -> ChildSpec<Worker> {
    let shutdowns = [Shutdown::Kill, Shutdown::After(Duration::from_millis(500))];
    script
        .spec()
        .restart(dice.pick(&POLICIES))
        .shutdown(dice.pick(&shutdowns))
        .start_timeout(Duration::from_millis(400))
        .named(format!("the {}", script.id()))
}

struct Tree {
    below: Supervised,
    pool: Children<Worker, Script>,
}

async fn play(seed: u64) {
    let mut dice = Dice(seed);
    for _ in 0..8 {
        dice.roll(2);
    }
    let stage = Stage::new();
    let declared = stage.scripts(["a", "b", "c", "inner a", "inner b"]);
    let added = stage.scripts(["d", "e", "f"]);
    let mut crowd: Vec<_> =
        (0..4).map(|number| stage.script(&format!("one of the crowd {number}"))).collect();

    let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
    let builder = Supervisor::builder().strategy(dice.pick(&STRATEGIES)).max_restarts(dice.roll(40) as u32);
    let builder = if dice.roll(2) == 0 { builder.backoff(backoff) } else { builder };
    let mut below = Supervisor::builder().strategy(dice.pick(&STRATEGIES)).max_restarts(dice.roll(4) as u32);
    for script in &declared[3..] {
        below = below.child(spec(&mut dice, script));
    }
    let below = spec_of(below);
    let below = ChildSpec::supervisor("below", async move { Ok(below) }).restart(dice.pick(&POLICIES));
    let builder =
        declared[..2].iter().fold(builder, |builder, script| builder.child(spec(&mut dice, script)));
    let last = spec(&mut dice, &declared[2]);
    let policy = dice.pick(&POLICIES);
    let tree = builder.plan(move |mut children| async move {
        let below = children.start(below).await?;
        let pool = ChildSpec::dynamic("pool", |script: Script| script.build())
            .restart(policy)
            .start_timeout(Duration::from_millis(400))
            .shutdown(Shutdown::After(Duration::from_millis(500)));
        let pool = children.start(pool).await?;
        children.start(last).await?;
        Ok(Tree { below, pool })
    });
    let top = stage.system.start(tree).await.expect("the first start is fine");

    let all: Vec<_> = declared.iter().chain(&added).chain(&crowd).cloned().collect();
    let ids = ["a", "b", "c", "d", "e", "f", "below", "pool", "nobody"];
    let mut errands = Vec::new();
    for _ in 0..60 {
        let script = dice.pick(&all);
        let (id, inner) = (dice.pick(&ids), dice.pick(&["inner a", "inner b"]));
        let supervisor = top.clone();
        match dice.roll(16) {
            0 => drop(script.rises([rise(&mut dice), rise(&mut dice)])),
            1 => drop(script.falls(fall(&mut dice))),
            // Requests are not waited for, so that they meet in all ways.
            2 => errands.push(tokio::spawn(async move { drop(supervisor.terminate_child(id).await) })),
            3 => errands.push(tokio::spawn(async move { drop(supervisor.restart_child(id).await) })),
            4 => errands.push(tokio::spawn(async move { drop(supervisor.delete_child(id).await) })),
            5 | 6 => {
                let script = dice.pick(&added);
                let spec = spec(&mut dice, &script);
                errands.push(tokio::spawn(async move { drop(supervisor.start_child(spec).await) }));
            }
            7 => {
                // Each of them is started once at most, so that an overlap is seen.
                if let Some(script) = crowd.pop() {
                    errands.push(tokio::spawn(async move { drop(supervisor.pool.start(script).await) }));
                }
            }
            8 => errands.push(tokio::spawn(async move {
                if let Some(one) = supervisor.pool.members().await.ok().and_then(|all| all.into_iter().next())
                {
                    let _ = supervisor.pool.terminate(one.pid()).await;
                }
            })),
            9 => {
                errands.push(tokio::spawn(async move { drop(supervisor.below.terminate_child(inner).await) }))
            }
            10 => {
                errands.push(tokio::spawn(async move { drop(supervisor.below.restart_child(inner).await) }))
            }
            11 if dice.roll(4) == 0 => drop(top.below.kill()),
            12 if dice.roll(4) == 0 => drop(top.below.stop()),
            13 => tokio::time::sleep(Duration::from_millis(dice.roll(700))).await,
            _ => {
                // A worker that may or may not be there.
                if let Some(worker) = stage.system.lookup::<Worker>(&format!("the {}", script.id())) {
                    match dice.roll(6) {
                        0 => drop(worker.finish().try_tell()),
                        1 => drop(worker.go_wrong().try_tell()),
                        2 => drop(worker.stop()),
                        3 => drop(worker.kill()),
                        4 => errands.push(tokio::spawn(async move { drop(worker.bump().await) })),
                        _ => drop(worker.hang().try_tell()),
                    }
                }
            }
        }
        if dice.roll(3) == 0 {
            settle().await;
        }
    }
    if dice.roll(4) == 0 {
        drop(top.kill());
    }
    let _ = top.stop().await;
    for errand in errands {
        errand.await.expect("no request panics");
    }
    stage.assert_nothing_left();
    assert_eq!(stage.system.counters().leaked, 0);

    // One incarnation at a time.
    let mut alive: HashMap<String, i32> = HashMap::new();
    for line in stage.log.take() {
        if let Some(id) = line.strip_suffix(" up") {
            let here = alive.entry(id.to_owned()).or_default();
            *here += 1;
            assert_eq!(*here, 1, "two of `{id}`");
        } else if let Some(id) = line.strip_suffix(" gone") {
            // A state that was made and did not come up goes, too.
            let here = alive.entry(id.to_owned()).or_default();
            *here = (*here - 1).max(0);
        }
    }
    assert!(alive.values().all(|here| *here == 0), "{alive:?}");
}

#[test]
fn no_order_of_events_breaks_a_tree() {
    let runtime =
        || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    for seed in 0..200 {
        let outcome = std::panic::catch_unwind(|| runtime().block_on(bounded(play(seed))));
        assert!(outcome.is_ok(), "seed {seed}");
    }
}
