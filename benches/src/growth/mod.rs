//! What a thing costs when there are more of it: the cost an item must not grow with the number of items.
//!
//! In processor time of the whole process, so that a busy machine does not look like growth; producers also by the
//! clock on the wall, since waiting for each other costs no processor. And in instructions: what grows in time and not in
//! instructions is memory, which no algorithm makes flat once it does not fit the caches.

mod work;

use crate::callgrind;
use crate::report::number;
use crate::runner::{self, Figure};
use crate::systems::Name;

pub use work::measure;

/// One thing of which there are more and more; one process measures one number of it, for all its figures.
struct Row {
    key: &'static str,
    sizes: &'static [u64],
    figures: &'static [Item],
}

/// The cost of one item.
struct Item {
    key: &'static str,
    title: &'static str,
    /// What the same costs without the framework: the key of that figure, which has no bound itself.
    plain: Option<&'static str>,
    sort: Sort,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Work,
    /// By the clock on the wall: callgrind cannot count it.
    Wall,
    /// A yardstick of plain Rust or Tokio.
    Plain,
}

const fn work(key: &'static str, title: &'static str) -> Item {
    Item { key, title, plain: None, sort: Sort::Work }
}

const fn beside(key: &'static str, title: &'static str, plain: &'static str) -> Item {
    Item { key, title, plain: Some(plain), sort: Sort::Work }
}

const fn plain(key: &'static str, title: &'static str) -> Item {
    Item { key, title, plain: None, sort: Sort::Plain }
}

const TENS: [u64; 7] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

const ROWS: [Row; 7] = [
    Row {
        key: "actors",
        sizes: &[10_000, 100_000, 1_000_000],
        figures: &[
            work("actors-spawn", "spawn, an actor of N"),
            work("actors-message", "one message each, a message of N"),
        ],
    },
    Row {
        key: "producers",
        sizes: &[1, 2, 4, 8, 16, 32, 64],
        figures: &[
            beside("producers", "tell, a message of N producers", "producers-plain"),
            Item {
                key: "producers-wall",
                title: "the same by the clock on the wall",
                plain: None,
                sort: Sort::Wall,
            },
            plain("producers-plain", "the same into a bounded channel of Tokio's"),
        ],
    },
    Row {
        key: "children",
        sizes: &[10, 100, 1_000, 10_000, 100_000],
        figures: &[
            work("children-start", "start, a child of N"),
            work("children-crash", "one crash and restart, N siblings alive"),
            work("children-exit", "mass exit, a child of N"),
        ],
    },
    Row {
        key: "monitors",
        sizes: TENS.split_at(6).0,
        figures: &[
            work("monitors-set", "monitor one target, a monitor of N"),
            work("monitors-fire", "its end, a monitor of N"),
        ],
    },
    Row {
        key: "subscribers",
        sizes: TENS.split_at(5).0,
        figures: &[
            beside("subscribers", "publish, a delivery to N subscribers", "subscribers-plain"),
            work("subscribers-join", "subscribe and unsubscribe, N standing"),
            plain("subscribers-plain", "a message to each of N Tokio tasks"),
        ],
    },
    Row {
        key: "timers",
        sizes: &TENS,
        figures: &[
            work("timers-set", "set and cancel a timer, N standing"),
            beside("timers-fire", "fall due together, a timer of N", "timers-plain"),
            plain("timers-plain", "the same, a Tokio task of N that sleeps"),
        ],
    },
    Row {
        key: "names",
        sizes: &TENS,
        figures: &[
            work("names-start", "start and stop with a name, N standing"),
            work("names-lookup", "look up one of 100 names, N standing"),
            beside("names-random", "look up any of N names", "names-plain"),
            plain("names-plain", "the same in a `HashMap`"),
        ],
    },
];

/// What may cost how many times what it costs with fewer.
fn limit(row: &Row, size: u64) -> f64 {
    if row.key == "children" && size == 100_000 { 3.0 } else { 1.5 }
}

/// Where counting ends: callgrind is fifty times slower than the processor, and an algorithm shows itself by then.
const COUNTED: u64 = 10_000;
/// Where the quick form ends.
const QUICK: u64 = 100_000;

/// What is measured, and how thoroughly.
#[derive(Debug)]
pub struct Options {
    pub only: Vec<String>,
    /// One process a figure, and no size above a hundred thousand.
    pub quick: bool,
    /// Instructions instead of time.
    pub instructions: bool,
}

/// Prints the table: a row a figure, a column a size.
pub fn run(options: &Options) -> Result<(), String> {
    let only = &options.only;
    if let Some(unknown) = only.iter().find(|key| !ROWS.iter().any(|row| row.key == **key)) {
        let keys: Vec<_> = ROWS.iter().map(|row| row.key).collect();
        return Err(format!("no such row: {unknown}; there are {}", keys.join(", ")));
    }
    if options.instructions {
        callgrind::is_here()?;
    }
    let unit = if options.instructions {
        "Instructions an item (callgrind, one thread)"
    } else {
        "Nanoseconds of processor time an item"
    };
    println!("{unit} as N grows; in brackets how many times the cheapest smaller N.\n");
    let mut dearer = Vec::new();
    for row in ROWS.iter().filter(|row| only.is_empty() || only.iter().any(|key| key == row.key)) {
        let most = match options {
            Options { instructions: true, .. } => COUNTED,
            Options { quick: true, .. } => QUICK,
            _ => u64::MAX,
        };
        let sizes: Vec<u64> = row.sizes.iter().copied().filter(|size| *size <= most).collect();
        let mut measured = Vec::new();
        for &size in &sizes {
            eprintln!("{} {size}", row.key);
            let figures = if options.instructions { counted(row, size)? } else { timed(row, size, options)? };
            measured.push((size, figures));
        }
        print!("| N |");
        sizes.iter().for_each(|size| print!(" {size} |"));
        println!(" |\n| --- |{}", " --- |".repeat(sizes.len() + 1));
        for item in row.figures.iter().filter(|item| !options.instructions || item.sort != Sort::Wall) {
            let line = Line::of(row, item, &measured);
            print!("| {} |", item.title);
            line.cells.iter().for_each(|cell| print!(" {cell} |"));
            let verdict = match line.grows {
                _ if item.sort == Sort::Plain => "yardstick",
                true => "**grows**",
                false => "flat",
            };
            println!(" {verdict} |");
            if line.grows && item.sort != Sort::Plain {
                let plain = item.plain.and_then(|key| row.figures.iter().find(|other| other.key == key));
                let plain = plain.map_or_else(String::new, |plain| {
                    format!(" ({}: {:.2})", plain.title, Line::of(row, plain, &measured).worst)
                });
                dearer.push(format!("{}: {:.2} times{plain}", item.title, line.worst));
            }
        }
        println!();
    }
    if dearer.is_empty() {
        println!("Nothing grows.");
    } else {
        println!(
            "Grows (1.5 times are allowed, with 100,000 living children 3 times):\n{}",
            dearer.join("\n")
        );
    }
    Ok(())
}

/// One figure at all sizes.
struct Line {
    cells: Vec<String>,
    worst: f64,
    grows: bool,
}

impl Line {
    fn of(row: &Row, item: &Item, measured: &[(u64, Vec<Figure>)]) -> Self {
        let (mut least, mut worst, mut grows) = (f64::INFINITY, 0.0_f64, false);
        let mut cells = Vec::new();
        for (size, figures) in measured {
            let Some(figure) = figures.iter().find(|figure| figure.key == item.key) else {
                cells.push("-".to_owned());
                continue;
            };
            if least.is_finite() {
                let times = figure.value / least;
                worst = worst.max(times);
                grows |= times > limit(row, *size);
                cells.push(format!("{} ({times:.2})", number(figure.value)));
            } else {
                cells.push(number(figure.value));
            }
            least = least.min(figure.value);
        }
        Self { cells, worst, grows }
    }
}

/// The least of several processes: nothing but the work itself is in it.
fn timed(row: &Row, size: u64, options: &Options) -> Result<Vec<Figure>, String> {
    let runs = if options.quick { 1 } else { 3 };
    let mut least: Vec<Figure> = Vec::new();
    for _ in 0..runs {
        for figure in runner::one("growth", Name::Airssys, &[row.key.to_owned(), size.to_string()])? {
            match least.iter_mut().find(|known| known.key == figure.key) {
                Some(known) => known.value = known.value.min(figure.value),
                None => least.push(figure),
            }
        }
    }
    Ok(least)
}

/// Each figure in a process of its own, which counts what belongs to it and nothing else.
fn counted(row: &Row, size: u64) -> Result<Vec<Figure>, String> {
    let mut figures = Vec::new();
    let items: Vec<_> = row.figures.iter().filter(|item| item.sort != Sort::Wall).collect();
    // Two at once: the count does not care.
    for pair in items.chunks(2) {
        let counts = std::thread::scope(|scope| {
            let running: Vec<_> =
                pair.iter().map(|item| scope.spawn(|| count_one(row.key, size, item.key))).collect();
            running.into_iter().map(|one| one.join().expect("counting does not panic")).collect::<Vec<_>>()
        });
        for figure in counts {
            figures.extend(figure?);
        }
    }
    Ok(figures)
}

fn count_one(row: &str, size: u64, item: &str) -> Result<Option<Figure>, String> {
    let arguments = ["growth", Name::Airssys.key(), row, &size.to_string(), item];
    let (said, counted) = callgrind::count(&arguments, false)?;
    // It says how many items it worked on.
    let items = said.lines().find_map(|line| line.strip_prefix(item)?.trim().parse::<f64>().ok());
    Ok(items.map(|items| Figure::new(item, counted as f64 / items)))
}
