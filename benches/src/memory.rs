//! The bytes of an idle actor with 8 bytes of state: what lives on the heap because of it, divided by many.

use crate::cli::Guarded;
use crate::heap;
use crate::runner::{self, Figure};
use crate::systems::{Framework, Name, Threads, with};

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
    Row {
        key: "used",
        title: "after a message, cold again",
        guard: 192.0,
        floor: Some(192.0),
        aim: Some(128.0),
    },
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
        guard: 384.0,
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

/// The first two figures alone, as rows of the side-by-side table.
pub fn brief(name: Name) -> Vec<Figure> {
    with!(name, F => {
        heap::count();
        F::run(Threads::Current, async {
            let mut figures = new_and_used(&F::new(), 1).await.0;
            figures.iter_mut().zip(["memory", "memory-used"]).for_each(|(figure, key)| figure.key = key.to_owned());
            figures
        })
    })
}

/// What an actor holds when it is new, when it has handled one message, and when it has handled `rounds`.
async fn new_and_used<F: Framework>(system: &F, rounds: u64) -> (Vec<Figure>, Vec<F::Counter>) {
    let mut figures = Vec::new();
    // Tables of the runtime and of the system have their first size.
    warm_up(system).await;
    let mut actors = Vec::with_capacity(ACTORS);
    let before = heap::settled().await;
    let each = |now: i64| (now - before) as f64 / ACTORS as f64;
    for _ in 0..ACTORS {
        actors.push(system.counter().await);
    }
    figures.push(Figure::new("fresh", each(heap::settled().await)));
    for round in 1..=rounds {
        // One activation each: the last actor's turn is over before the first's next.
        for actor in &actors {
            F::tell(actor, 1).await;
        }
        let now = heap::settled().await;
        if round == 1 || round == rounds {
            figures.push(Figure::new(if round == 1 { "used" } else { "often" }, each(now)));
        }
    }
    // Last, so that it is no part of what was measured.
    for actor in &actors {
        assert_eq!(F::ask(actor, 0).await, rounds, "a message was not handled before the figure was taken");
    }
    (figures, actors)
}

async fn actors<F: Framework>() -> Vec<Figure> {
    let system = F::new();
    let (mut figures, actors) = new_and_used(&system, 8).await;
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
pub fn run(options: &Guarded) -> Result<(), String> {
    let names: &[Name] = if options.peers { Name::ALL } else { &[Name::Airssys, Name::TokioActor] };
    let measured: Vec<_> = names
        .iter()
        .map(|&name| Ok((name, runner::one("memory", name, &[])?)))
        .collect::<Result<_, String>>()?;
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
