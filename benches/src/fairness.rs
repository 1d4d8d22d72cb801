//! What a flood of one actor does to everybody else: the ask of an idle actor, and a plain Tokio timer.

use std::time::{Duration, Instant};

use airssys_rt::prelude::System;

use crate::report::number;
use crate::runner::{self, Figure};
use crate::systems::airssys::{Airssys, Counter};
use crate::systems::{Framework, Name, Threads, with};

const PRODUCERS: usize = 8;
const PROBES: usize = 1_000;
/// Whoever does not get its turn for so long is starved.
const STARVED: Duration = Duration::from_secs(20);

/// The runtimes that are tried, by their names on the command line.
const RUNTIMES: [(&str, &str, Threads); 6] = [
    ("current", "current_thread", Threads::Current),
    ("1", "1 worker", Threads::Workers(1)),
    ("2", "2 workers", Threads::Workers(2)),
    ("4", "4 workers", Threads::Workers(4)),
    ("16", "16 workers", Threads::Workers(16)),
    ("64", "64 workers", Threads::Workers(64)),
];

/// Measures one system on one sort of runtime, in this process.
pub fn measure(name: Name, runtime: &str) -> Result<Vec<Figure>, String> {
    std::thread::spawn(|| {
        std::thread::sleep(STARVED);
        runner::print(&[Figure::new("ask", f64::INFINITY), Figure::new("timer", f64::INFINITY)]);
        std::process::exit(0);
    });
    if name == Name::Airssys && runtime == "several" {
        return Ok(several());
    }
    let (.., threads) = *RUNTIMES
        .iter()
        .find(|(key, ..)| *key == runtime)
        .ok_or_else(|| format!("no such runtime: {runtime}"))?;
    Ok(with!(name, F => F::run(threads, async {
        let system = F::new();
        flood::<F>(&system.counter().await);
        probe::<F>(&system.counter().await).await
    })))
}

/// Producers that tell one actor as much as it takes, until the process ends.
fn flood<F: Framework>(counter: &F::Counter) {
    for _ in 0..PRODUCERS {
        let counter = counter.clone();
        drop(F::task(async move {
            for sent in 0_u64.. {
                F::tell(&counter, 1).await;
                // Where nothing ever waits for room, nothing would ever let anybody else run.
                if !F::BOUNDED && sent % 256 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        }));
    }
}

/// p99 of an ask of this idle actor, and of how late a timer of a millisecond is, in microseconds.
async fn probe<F: Framework>(idle: &F::Counter) -> Vec<Figure> {
    const PAUSE: Duration = Duration::from_millis(1);
    let (mut asks, mut timers) = (Vec::with_capacity(PROBES), Vec::with_capacity(PROBES));
    let began = Instant::now();
    while asks.len() < PROBES && (asks.len() < 10 || began.elapsed() < STARVED / 2) {
        let set = Instant::now();
        tokio::time::sleep(PAUSE).await;
        timers.push(set.elapsed().saturating_sub(PAUSE));
        let asked = Instant::now();
        F::ask(idle, 1).await;
        asks.push(asked.elapsed());
    }
    vec![Figure::new("ask", p99(&mut asks)), Figure::new("timer", p99(&mut timers))]
}

fn p99(took: &mut [Duration]) -> f64 {
    took.sort();
    took[took.len() * 99 / 100].as_nanos() as f64 / 1e3
}

/// One runtime is flooded; the other asks an actor of its own, and one of the flooded runtime.
fn several() -> Vec<Figure> {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
    };
    let (flooded, quiet) = (runtime(), runtime());
    let system = |name: &str, on: &tokio::runtime::Runtime| {
        System::builder().name(name).runtime(on.handle().clone()).build().expect("a system")
    };
    let (there, here) = (system("flooded", &flooded), system("quiet", &quiet));
    {
        let _inside = flooded.enter();
        flood::<Airssys>(&there.spawn(Counter::default()));
    }
    let (idle_here, idle_there) = (here.spawn(Counter::default()), there.spawn(Counter::default()));
    let figures = quiet.block_on(async move {
        let probes = async move {
            let mut figures = probe::<Airssys>(&idle_here).await;
            let across = probe::<Airssys>(&idle_there).await;
            figures.extend(across.into_iter().map(|it| Figure::new(format!("{}-across", it.key), it.value)));
            figures
        };
        tokio::spawn(probes).await.expect("it does not fail")
    });
    std::mem::forget((flooded, quiet));
    figures
}

/// Prints the table: a row a runtime, a column a system.
pub fn run() -> Result<(), String> {
    let names: Vec<Name> = Name::ALL.iter().copied().filter(|name| *name != Name::TokioBare).collect();
    println!(
        "While {PRODUCERS} producers flood one actor, p99 in µs: the ask of an idle actor / how late a plain Tokio \
         timer is. `inf`: not one turn in {} s.\n",
        STARVED.as_secs()
    );
    print!("| runtime |");
    names.iter().for_each(|name| print!(" {} |", name.title()));
    println!("\n| --- |{}", " --- |".repeat(names.len()));
    let cell = |figures: &[Figure], key: &str| {
        figures.iter().find(|figure| figure.key == key).map_or_else(|| "-".to_owned(), |it| number(it.value))
    };
    for (key, title, threads) in RUNTIMES {
        print!("| {title} |");
        for &name in &names {
            // It has one thread, whatever the runtime.
            if name == Name::Actix && threads != Threads::Current {
                print!(" - |");
                continue;
            }
            let figures = runner::one("fairness", name, &[key.to_owned()])?;
            print!(" {} / {} |", cell(&figures, "ask"), cell(&figures, "timer"));
        }
        println!();
    }
    let figures = runner::one("fairness", Name::Airssys, &["several".to_owned()])?;
    println!(
        "\nairssys-rt, two runtimes of two workers, one of them flooded, asked from the other: {} / {} of an actor \
         beside the asker, {} / {} of one in the flooded runtime.",
        cell(&figures, "ask"),
        cell(&figures, "timer"),
        cell(&figures, "ask-across"),
        cell(&figures, "timer-across"),
    );
    Ok(())
}
