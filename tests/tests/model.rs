//! The model against the machine: random trees, random scripts, and after every step the same lines on both sides.
//!
//! `AIRSSYS_SCRIPTS=1000000 cargo test --release -p tests --test model` plays more of them; `AIRSSYS_SEED=7` plays one.
use std::panic::{AssertUnwindSafe, catch_unwind};

use tests::machine::{Mismatch, play};
use tests::model::{Body, Child, Step, Supervisor};
use tests::scripts::script;

const SCRIPTS: u64 = 10_000;
const STEPS: usize = 60;

/// A script that panics in the simulation itself disagrees, too.
fn differs(seed: u64, root: &Supervisor, steps: &[Step]) -> Option<Box<Mismatch>> {
    match catch_unwind(AssertUnwindSafe(|| play(seed, root, steps))) {
        Ok(outcome) => outcome.err(),
        Err(payload) => {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic");
            let machine = vec![format!("the simulation panicked: {text}")];
            Some(Box::new(Mismatch { step: Some(steps.len()), model: Vec::new(), machine }))
        }
    }
}

/// Drops steps while the two still disagree.
fn shrunk(
    seed: u64,
    root: &Supervisor,
    steps: Vec<Step>,
    found: Box<Mismatch>,
) -> (Vec<Step>, Box<Mismatch>) {
    let (mut steps, mut found) = (steps, found);
    loop {
        steps.truncate(found.step.map_or(0, |step| step + 1));
        let smaller = (0..steps.len()).rev().find_map(|drop| {
            let mut fewer = steps.clone();
            fewer.remove(drop);
            differs(seed, root, &fewer).map(|found| (fewer, found))
        });
        let Some(smaller) = smaller else { return (steps, found) };
        (steps, found) = smaller;
    }
}

/// A line for each child.
fn drawn(supervisor: &Supervisor, depth: usize) -> String {
    let Supervisor { strategy, max_restarts, within, backoff, auto_shutdown, children } = supervisor;
    let mut text = format!("{strategy:?} {max_restarts} in {within} ms, {auto_shutdown:?}, {backoff:?}");
    for child in children {
        let Child { id, policy, shutdown, significant, body } = child;
        let significant = if *significant { " significant" } else { "" };
        text += &format!("\n{}{id} {policy:?} {shutdown:?}{significant} ", "  ".repeat(depth));
        text += &match body {
            Body::Supervisor(supervisor) => drawn(supervisor, depth + 1),
            body => format!("{body:?}"),
        };
    }
    text
}

fn report(seed: u64, root: &Supervisor, steps: &[Step], found: &Mismatch) -> String {
    let script: Vec<String> = steps.iter().map(|step| format!("  {step:?}")).collect();
    format!(
        "seed {seed}: after step {:?} the runtime did something else than the model\n\ntree: {}\n\n\
         script, shrunk:\n{}\n\nmodel:\n  {}\n\nmachine:\n  {}\n",
        found.step,
        drawn(root, 1),
        script.join("\n"),
        found.model.join("\n  "),
        found.machine.join("\n  ")
    )
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// How many steps there were, and the first script on which the two disagree.
fn play_all(seeds: impl Iterator<Item = u64>) -> (usize, Option<(u64, String)>) {
    let mut steps = 0;
    for seed in seeds {
        let (root, script) = script(seed, STEPS);
        steps += script.len();
        if let Some(found) = differs(seed, &root, &script) {
            let (script, found) = shrunk(seed, &root, script, found);
            return (steps, Some((seed, report(seed, &root, &script, &found))));
        }
    }
    (steps, None)
}

#[test]
fn c001_to_c071_a_tree_does_what_the_model_says_whatever_is_done_to_it() {
    let seeds = match number("AIRSSYS_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("AIRSSYS_SCRIPTS").unwrap_or(SCRIPTS),
    };
    // Workers panic by the thousand.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let lanes: Vec<_> = (0..threads)
        .map(|lane| {
            let seeds = seeds.clone().filter(move |seed| seed % threads == lane);
            std::thread::spawn(move || play_all(seeds))
        })
        .collect();
    let outcomes: Vec<_> = lanes.into_iter().map(|lane| lane.join()).collect();
    std::panic::set_hook(hook);
    let outcomes: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| outcome.expect("only scripts panic, and they are caught"))
        .collect();
    let steps: usize = outcomes.iter().map(|(steps, _)| steps).sum();
    let failed = outcomes.into_iter().filter_map(|(_, failed)| failed).min_by_key(|(seed, _)| *seed);
    println!("{steps} steps");
    if let Some((_, report)) = failed {
        panic!("{report}");
    }
}
