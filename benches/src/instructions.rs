//! Instructions an operation, counted by callgrind: the same binary gives the same figure on a busy machine, too.
//!
//! Two runs with different numbers of operations, their difference divided by the difference: start and end of
//! the process cancel out. One thread, so that no spinning is counted.

use crate::callgrind;
use crate::cli::Guarded;
use crate::report;
use crate::runner::Figure;
use crate::systems::{Framework, Name, Threads, with};

struct Row {
    key: &'static str,
    title: &'static str,
    /// The present value of ours and 5 %: a change that costs instructions has to say so, here.
    guard: f64,
    floor: Option<f64>,
    aim: Option<f64>,
}

const ROWS: [Row; 5] = [
    Row { key: "tell", title: "tell, handled", guard: 300.0, floor: Some(320.0), aim: Some(200.0) },
    Row { key: "ask", title: "ask of a plain fn", guard: 254.0, floor: Some(250.0), aim: Some(150.0) },
    Row {
        key: "ask-async",
        title: "ask across tasks (async fn)",
        guard: 1_508.0,
        floor: Some(1_550.0),
        aim: Some(1_000.0),
    },
    Row { key: "spawn", title: "spawn and stop", guard: 670.0, floor: Some(900.0), aim: Some(500.0) },
    // Its bounds are times, beside the others: most of it is the unwinding, which all of them pay. Its guard is wide: under
    // callgrind a start may seem to take long, and is then left to the supervisor's task.
    Row {
        key: "crash",
        title: "crash, restart, first message handled",
        guard: 43_000.0,
        floor: None,
        aim: None,
    },
];

const FEW: u64 = 5_000;
const MANY: u64 = 25_000;

/// Does `operations` of one sort, and nothing else.
pub fn work(key: &str, name: Name, operations: u64) -> Result<Vec<Figure>, String> {
    let key = ROWS.iter().find(|row| row.key == key).ok_or_else(|| format!("no such row: {key}"))?.key;
    with!(name, F => F::run(Threads::Current, operate::<F>(key, operations)));
    Ok(Vec::new())
}

async fn operate<F: Framework>(key: &str, operations: u64) {
    let system = F::new();
    let counter = system.counter().await;
    match key {
        "tell" => {
            for _ in 0..operations {
                F::tell(&counter, 1).await;
            }
            // Once, where order is kept.
            while F::ask_async(&counter, 0).await != operations {}
        }
        "ask" => {
            for _ in 0..operations {
                F::ask(&counter, 1).await;
            }
        }
        "ask-async" => {
            for _ in 0..operations {
                F::ask_async(&counter, 1).await;
            }
        }
        "crash" => {
            // Those that cannot restart have no figure.
            let Some(mut guarded) = system.guarded().await else { return };
            for _ in 0..operations {
                assert_eq!(F::crash(&mut guarded).await, 1, "nothing of the old state is left");
            }
        }
        _ => {
            for _ in 0..operations {
                system.spawn_and_stop().await;
            }
        }
    }
}

/// Prints the table; fails if a guard was asked for and does not hold.
pub fn run(options: &Guarded) -> Result<(), String> {
    callgrind::is_here()?;
    let names: &[Name] =
        if options.peers { Name::ALL } else { &[Name::Airssys, Name::TokioActor, Name::TokioBare] };
    println!("Instructions an operation (callgrind, one thread).\n");
    print!("| operation |");
    names.iter().for_each(|name| print!(" {} |", name.title()));
    println!(" floor | aim | |");
    println!("| --- |{} --- | --- | --- |", " --- |".repeat(names.len()));
    let mut broken = Vec::new();
    for row in &ROWS {
        print!("| {} |", row.title);
        let mut ours = f64::INFINITY;
        for &name in names {
            // At once: they take a core each, and the count does not care.
            let (few, many) = std::thread::scope(|scope| {
                let few = scope.spawn(|| count(row.key, name, FEW));
                let many = count(row.key, name, MANY);
                (few.join().expect("counting does not panic"), many)
            });
            let each = (many? as f64 - few? as f64) / (MANY - FEW) as f64;
            if name == Name::Airssys {
                ours = each;
            }
            print!(" {each:.0} |");
        }
        println!(" {} |", report::bounds(ours, row.floor, row.aim));
        if ours > row.guard {
            broken.push(format!("{}: {ours:.0} instructions, the guard is {:.0}", row.title, row.guard));
        }
    }
    report::guard(options.guard, broken)
}

/// The instructions of one process from start to end.
fn count(key: &str, name: Name, operations: u64) -> Result<u64, String> {
    let arguments = ["instructions", name.key(), key, &operations.to_string()];
    Ok(callgrind::count(&arguments, true)?.1)
}
