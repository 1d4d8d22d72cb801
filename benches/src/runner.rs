//! Runs one measurement a process, so that none inherits another's heap, timers or threads; the systems of a case
//! come one after the other in an order that is shuffled anew each round, so that none has the quieter hour. What was
//! measured with the processors near each other is compared, and what was not is measured again.

use std::io::{ErrorKind, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::cases::{CASES, Case, Effort};
use crate::cli::Run;
use crate::distance::{self, Distance};
use crate::systems::Name;

/// How long a process may take before it counts as hung.
const LIMIT: Duration = Duration::from_secs(180);

/// One figure of a measurement; one process may give several.
#[derive(Clone, Debug)]
pub struct Figure {
    pub key: String,
    pub value: f64,
}

impl Figure {
    pub fn new(key: impl Into<String>, value: f64) -> Self {
        Self { key: key.into(), value }
    }
}

/// Writes what [`one`] reads.
pub fn print(figures: &[Figure]) {
    for figure in figures {
        println!("{}\t{}", figure.key, figure.value);
    }
}

/// Runs this binary again for one measurement, and reads its figures.
pub fn one(what: &str, name: Name, arguments: &[String]) -> Result<Vec<Figure>, String> {
    let ourselves = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(ourselves);
    command.args(["one", what, name.key()]).args(arguments);
    figures(command, &format!("{what} of {} {}", name.key(), arguments.join(" ")))
}

/// The figures that a command writes, one a line: its name, a tab, its value.
fn figures(mut command: Command, told: &str) -> Result<Vec<Figure>, String> {
    let fail = |error: std::io::Error| format!("{told}: {error}");
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().map_err(fail)?;
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(fail)? {
            break status;
        }
        if began.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("{told}: not done after {} s", LIMIT.as_secs()));
        }
        // Shorter than any measurement, longer than what would disturb it.
        std::thread::sleep(Duration::from_millis(10));
    };
    if !status.success() {
        return Err(format!("{told}: {status}"));
    }
    let mut said = String::new();
    if let Some(mut pipe) = child.stdout.take() {
        // A few lines: they were in the pipe before it ended.
        pipe.read_to_string(&mut said).map_err(fail)?;
    }
    said.lines()
        .map(|line| {
            let (key, value) = line.split_once('\t')?;
            Some(Figure::new(key, value.trim().parse().ok()?))
        })
        .collect::<Option<_>>()
        .ok_or_else(|| format!("{told}: cannot read {said:?}"))
}

/// Erlang's figure of a case, which is none where it is not written for Erlang.
fn erlang(case: &Case) -> Result<Vec<Figure>, String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/erlang/bench.erl");
    let mut command = Command::new("escript");
    command.args([script, case.key]);
    figures(command, &format!("{} of Erlang", case.key))
}

fn has_erlang() -> bool {
    let probe =
        Command::new("escript").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    match probe {
        Ok(mut child) => child.wait().is_ok(),
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

/// All figures of one system in one case, sorted.
#[derive(Clone, Debug)]
pub struct Measured {
    pub case: &'static Case,
    pub name: Name,
    pub figures: Vec<f64>,
    /// Those with the processors far apart.
    pub far: Vec<f64>,
    /// Those while that changed.
    changed: Vec<f64>,
}

impl Measured {
    fn new(case: &'static Case, name: Name) -> Self {
        Self { case, name, figures: Vec::new(), far: Vec::new(), changed: Vec::new() }
    }

    pub fn median(&self) -> f64 {
        middle(&self.figures)
    }

    pub fn min(&self) -> f64 {
        self.figures[0]
    }

    pub fn max(&self) -> f64 {
        self.figures[self.figures.len() - 1]
    }

    /// The median with the processors far apart.
    pub fn median_far(&self) -> Option<f64> {
        (!self.far.is_empty()).then(|| middle(&self.far))
    }

    fn put(&mut self, value: f64, distance: Distance) {
        match distance {
            Distance::Near => self.figures.push(value),
            Distance::Far => self.far.push(value),
            Distance::Changed => self.changed.push(value),
        }
    }
}

/// What a run found.
pub struct Found {
    pub measured: Vec<Measured>,
    pub failures: Vec<String>,
    /// The cases that were never measured with the processors near each other on every system: theirs are all figures.
    pub anyhow: Vec<&'static Case>,
}

/// The whole table, measured.
pub fn run(options: &Run) -> Found {
    let mut names = options.systems.clone();
    if options.all_systems && has_erlang() {
        names.push(Name::Erlang);
    }
    let mut round = Round {
        options,
        random: Random(options.seed),
        began: Instant::now(),
        all: Vec::new(),
        failures: Vec::new(),
    };
    for number in 1..=options.rounds {
        round.go(&format!("round {number} of {}", options.rounds), &names, false);
    }
    for number in 1..=options.rounds {
        // Not much longer than it would have taken anyway.
        if round.began.elapsed() > options.effort.limit()
            || !round.go(&format!("again, {number}"), &names, true)
        {
            break;
        }
    }
    let Round { mut all, failures, .. } = round;
    let mut anyhow: Vec<&'static Case> = Vec::new();
    for case in &options.cases {
        if all.iter().any(|it| it.case.key == case.key && it.figures.is_empty()) {
            anyhow.push(case);
        }
    }
    for measured in &mut all {
        if anyhow.iter().any(|case| case.key == measured.case.key) {
            measured.figures.extend(measured.far.iter().chain(&measured.changed));
        }
        measured.figures.sort_by(f64::total_cmp);
        measured.far.sort_by(f64::total_cmp);
    }
    // As the table has them, whatever order they were measured in.
    all.sort_by_key(|it| {
        let row = CASES.iter().position(|case| case.key == it.case.key);
        (row, Name::COLUMNS.iter().position(|name| *name == it.name))
    });
    Found { measured: all, failures, anyhow }
}

struct Round<'a> {
    options: &'a Run,
    random: Random,
    began: Instant,
    all: Vec<Measured>,
    failures: Vec<String>,
}

impl Round<'_> {
    /// Measures each case on each system; or on those that lack figures. Whether there were any.
    fn go(&mut self, title: &str, names: &[Name], lacking: bool) -> bool {
        let mut any = false;
        for case in self.options.cases.iter().filter(|case| case.measured_by.is_none()) {
            let mut names: Vec<Name> =
                names.iter().copied().filter(|name| !lacking || self.lacks(case, *name)).collect();
            if names.is_empty() {
                continue;
            }
            any = true;
            self.random.shuffle(&mut names);
            eprintln!("{:>5} s  {title}: {}", self.began.elapsed().as_secs(), case.title);
            for name in names {
                self.measure(case, name);
            }
        }
        any
    }

    /// Whether it was measured, but too few times with the processors near.
    fn lacks(&self, case: &Case, name: Name) -> bool {
        let of = |it: &&Measured| it.case.key == case.key && it.name == name;
        self.all.iter().find(of).is_some_and(|it| it.figures.len() < self.options.rounds.div_ceil(2))
    }

    fn measure(&mut self, case: &Case, name: Name) {
        let (outcome, distance) = distance::around(|| {
            if name == Name::Erlang {
                erlang(case)
            } else {
                one("case", name, &[case.key.to_owned(), self.options.effort.key().to_owned()])
            }
        });
        match outcome {
            Ok(figures) => figures.into_iter().for_each(|figure| self.keep(name, &figure, distance)),
            Err(failure) => {
                eprintln!("         {failure}");
                self.failures.push(failure);
            }
        }
    }

    fn keep(&mut self, name: Name, figure: &Figure, distance: Distance) {
        let Some(case) = CASES.iter().find(|case| case.key == figure.key) else { return };
        // Where one thread counts bytes, no distance has a say.
        let distance = if case.unit == "bytes" { Distance::Near } else { distance };
        let of = |it: &Measured| it.name == name && it.case.key == case.key;
        let at = self.all.iter().position(of).unwrap_or_else(|| {
            self.all.push(Measured::new(case, name));
            self.all.len() - 1
        });
        self.all[at].put(figure.value, distance);
    }
}

/// Marsaglia's xorshift: the same seed, the same order.
struct Random(u64);

impl Random {
    fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            list.swap(last, (self.0 % (last as u64 + 1)) as usize);
        }
    }
}

/// The middle one, or half-way between the two in the middle.
pub fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    middle(figures)
}

/// The same, of some that are sorted.
fn middle(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[half] } else { sorted[half - 1].midpoint(sorted[half]) }
}

impl Effort {
    /// After so long, nothing is measured again.
    fn limit(self) -> Duration {
        Duration::from_secs(if self.key() == Self::QUICK.key() { 480 } else { 2_400 })
    }

    /// So many rounds make a median.
    pub fn rounds(self) -> usize {
        if self.key() == Self::QUICK.key() { 3 } else { 5 }
    }
}
