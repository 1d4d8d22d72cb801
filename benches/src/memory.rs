//! The bytes of an idle actor with 8 bytes of state: what lives on the heap because of it, divided by many.

use crate::runner::{self, Figure};
use crate::systems::{Framework, Name, Threads, with};
use crate::{cli::Memory, heap};

/// A figure of one system, its guard, floor and aim.
struct Row {
    key: &'static str,
    title: &'static str,
    /// A little above the present value of ours: a change that costs memory has to say so, here.
    guard: f64,
    floor: Option<f64>,
    aim: Option<f64>,
}

const ROWS: [Row; 5] = [
    Row { key: "fresh", title: "new", guard: 192.0, floor: Some(192.0), aim: Some(128.0) },
    Row { key: "used", title: "after a message, cold again", guard: 192.0, floor: Some(192.0), aim: Some(128.0) },
    Row {
        key: "often",
        title: "after a message eight times (with what the system keeps warm)",
        guard: 235.0,
        floor: None,
        aim: None,
    },
    Row { key: "hot", title: "in use, one of 1,000", guard: 960.0, floor: None, aim: None },
    Row {
        key: "child",
        title: "child of a supervisor, with a name",
        guard: 960.0,
        floor: Some(384.0),
        aim: Some(256.0),
    },
];

const ACTORS: usize = 100_000;
const HOT: usize = 1_000;

/// Measures one system, in this process.
pub fn measure(name: Name) -> Vec<Figure> {
    with!(name, F => {
        heap::count();
        // One thread: the same figures each time.
        F::run(Threads::Current, actors::<F>())
    })
}

async fn actors<F: Framework>() -> Vec<Figure> {
    let system = F::new();
    let mut figures = Vec::new();
    // Tables of the runtime and of the system have their first size.
    warm_up(&system).await;

    let mut actors = Vec::with_capacity(ACTORS);
    let before = heap::settled().await;
    let each = |now: i64, count: usize| (now - before) as f64 / count as f64;
    for _ in 0..ACTORS {
        actors.push(system.counter().await);
    }
    figures.push(Figure::new("fresh", each(heap::settled().await, ACTORS)));
    // One activation each: the last actor's turn is over before the first's next.
    for (key, rounds) in [("used", 1), ("often", 7)] {
        for _ in 0..rounds {
            for actor in &actors {
                F::tell(actor, 1).await;
            }
            heap::settled().await;
        }
        figures.push(Figure::new(key, each(heap::settled().await, ACTORS)));
    }
    for actor in &actors {
        assert_eq!(F::ask(actor, 0).await, 8);
    }
    drop(actors);

    let mut actors = Vec::with_capacity(HOT);
    let before = heap::settled().await;
    for _ in 0..HOT {
        actors.push(system.counter().await);
    }
    for _ in 0..8 {
        for actor in &actors {
            F::ask_async(actor, 1).await;
        }
    }
    figures.push(Figure::new("hot", (heap::settled().await - before) as f64 / HOT as f64));
    drop(actors);

    let before = heap::settled().await;
    if let Some(children) = system.children(ACTORS).await {
        // Without the list itself.
        let list = children.capacity() * size_of::<F::Child>();
        let now = heap::settled().await - list as i64;
        figures.push(Figure::new("child", (now - before) as f64 / ACTORS as f64));
        std::mem::forget(children);
    }
    figures
}

async fn warm_up<F: Framework>(system: &F) {
    let counter = system.counter().await;
    for _ in 0..8 {
        F::tell(&counter, 1).await;
        F::ask_async(&counter, 1).await;
    }
}

/// Prints the table; fails if a guard was asked for and does not hold.
pub fn run(options: &Memory) -> Result<(), String> {
    let names: &[Name] =
        if options.peers { Name::ALL } else { &[Name::Airssys, Name::TokioActor] };
    let measured: Vec<_> = names.iter().map(|&name| Ok((name, runner::one("memory", name, &[])?))).collect::<Result<_, String>>()?;
    println!("Bytes an idle actor with 8 bytes of state, over {ACTORS} of them.\n");
    print!("| actor |");
    measured.iter().for_each(|(name, _)| print!(" {} |", name.title()));
    println!(" floor | aim | |");
    println!("| --- |{} --- | --- | --- |", " --- |".repeat(measured.len()));
    let mut broken = Vec::new();
    for row in &ROWS {
        print!("| {} |", row.title);
        let mut ours = f64::INFINITY;
        for (name, figures) in &measured {
            match figures.iter().find(|figure| figure.key == row.key) {
                Some(figure) => {
                    print!(" {:.0} |", figure.value);
                    if *name == Name::Airssys {
                        ours = figure.value;
                    }
                }
                None => print!(" - |"),
            }
        }
        println!(" {} |", crate::report::bounds(ours, row.floor, row.aim));
        if ours > row.guard {
            broken.push(format!("{}: {ours:.0} bytes, the guard is {:.0}", row.title, row.guard));
        }
    }
    crate::report::guard(options.guard, broken)
}
