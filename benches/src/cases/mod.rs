//! What is measured: the names, the targets, and the work of each case, once for all systems.

mod flow;
mod latency;
mod life;

use std::future::Future;
use std::time::{Duration, Instant};

use crate::runner::Figure;
use crate::systems::{Framework, Name, Shape, Threads, with};

/// One row of the table. All figures are costs: less is better.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub key: &'static str,
    pub title: &'static str,
    pub unit: &'static str,
    /// How many times less than the best rival ours has to take, and ought to.
    pub floor: Option<f64>,
    pub aim: Option<f64>,
    /// The aim is that of this system's column instead.
    pub aim_at: Option<Name>,
    /// The case that measures it, where that one gives several figures.
    pub measured_by: Option<&'static str>,
}

const fn case(key: &'static str, title: &'static str, floor: f64, aim: f64) -> Case {
    Case { key, title, unit: "ns", floor: Some(floor), aim: Some(aim), aim_at: None, measured_by: None }
}

impl Case {
    const fn unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    const fn aim_at(self, name: Name) -> Self {
        Self { aim_at: Some(name), ..self }
    }

    /// A figure without a target.
    const fn open(self) -> Self {
        Self { floor: None, aim: None, ..self }
    }

    const fn measured_by(self, case: &'static str) -> Self {
        Self { measured_by: Some(case), ..self }
    }
}

pub const CASES: &[Case] = &[
    case("tell-1", "tell, 1 producer", 2.5, 4.0),
    case("tell-8", "tell, 8 producers", 2.0, 4.0),
    case("tell-1-async", "tell, 1 producer, async fn", 2.5, 4.0).open(),
    case("tell-8-async", "tell, 8 producers, async fn", 2.0, 4.0).open(),
    case("ask", "ask, plain fn", 4.0, 8.0),
    case("ask-async", "ask, async fn", 1.0, 1.5),
    case("ask-within", "ask, plain fn, with a time limit of its own", 4.0, 8.0).open(),
    case("ask-traced", "ask, plain fn, with a tracing subscriber on", 4.0, 8.0).open(),
    case("ask-64", "ask of 64 askers, plain fn", 1.7, 3.0),
    case("ask-64-async", "ask of 64 askers, async fn", 1.0, 1.5),
    case("ask-64-told", "ask of 64 askers, plain fn, while 8 producers tell it", 1.7, 3.0).open(),
    case("ping-pong", "ping-pong between two actors", 1.3, 1.0).aim_at(Name::Actix),
    case("ring", "ring of 1,000", 1.3, 1.0).aim_at(Name::Actix),
    case("neighbours", "1,000 actors, random neighbours", 1.0, 1.5),
    case("fan-out", "fan-out, 1 to 1,000", 1.3, 2.0),
    case("spawn", "spawn and stop, one after the other", 6.0, 12.0),
    case("spawn-many", "spawn and stop, 64 tasks at it", 6.0, 12.0).open(),
    case("crash", "crash, restart, first message handled", 1.0, 2.0),
    case("skynet", "skynet of 100,000 leaves", 1.5, 3.0).unit("ms"),
    case("ask-1000-p50", "ask at 1,000 a second, p50", 5.0, 10.0).unit("µs"),
    case("ask-1000-p99", "ask at 1,000 a second, p99", 4.0, 10.0).unit("µs").measured_by("ask-1000-p50"),
    case("memory", "an idle actor, new", 1.0, 1.0).open().unit("bytes"),
    case("memory-used", "an idle actor, after a message", 1.0, 1.0)
        .open()
        .unit("bytes")
        .measured_by("memory"),
];

/// How long a process measures.
#[derive(Clone, Copy, Debug)]
pub struct Effort(pub Duration);

impl Effort {
    pub const QUICK: Self = Self(Duration::from_millis(300));
    pub const FULL: Self = Self(Duration::from_millis(1_500));

    pub fn key(self) -> &'static str {
        if self.0 == Self::QUICK.0 { "quick" } else { "full" }
    }

    pub fn parse(key: &str) -> Result<Self, String> {
        match key {
            "quick" => Ok(Self::QUICK),
            "full" => Ok(Self::FULL),
            _ => Err(format!("no such effort: {key}")),
        }
    }

    /// The median nanoseconds an operation of many chunks of `operations`, the first of which warms up.
    async fn per<F: Future<Output = ()>>(self, operations: u64, mut chunk: impl FnMut() -> F) -> f64 {
        chunk().await;
        let mut chunks = Vec::new();
        let began = Instant::now();
        while chunks.is_empty() || began.elapsed() < self.0 {
            let began = Instant::now();
            chunk().await;
            chunks.push(began.elapsed().as_nanos() as f64 / operations as f64);
        }
        crate::runner::median(&mut chunks)
    }
}

/// Measures a case on one system, in this process. No figure where the system does not have what it needs.
pub fn measure(key: &str, name: Name, effort: Effort) -> Result<Vec<Figure>, String> {
    let case = CASES.iter().find(|case| case.key == key).ok_or_else(|| format!("no such case: {key}"))?;
    match case.key {
        "memory" => return Ok(crate::memory::brief(name)),
        "ask-traced" => crate::trace::subscribe(),
        _ => {}
    }
    Ok(with!(name, F => F::run(Threads::Workers(2), work::<F>(case.key, effort))))
}

async fn work<F: Framework>(key: &'static str, effort: Effort) -> Vec<Figure> {
    let system = &F::new();
    let figure = match key {
        "tell-1" => flow::tell::<F, Plain>(system, effort, 1).await,
        "tell-8" => flow::tell::<F, Plain>(system, effort, 8).await,
        "tell-1-async" => flow::tell::<F, Async>(system, effort, 1).await,
        "tell-8-async" => flow::tell::<F, Async>(system, effort, 8).await,
        "ask" | "ask-traced" => flow::ask::<F, Plain>(system, effort).await,
        "ask-async" => flow::ask::<F, Async>(system, effort).await,
        "ask-within" => flow::ask::<F, Within>(system, effort).await,
        "ask-64" => flow::ask_many::<F, Plain>(system, effort, 0).await,
        "ask-64-async" => flow::ask_many::<F, Async>(system, effort, 0).await,
        // Where nobody waits for room, eight producers would drown the askers, and the machine.
        "ask-64-told" if !F::BOUNDED => return Vec::new(),
        "ask-64-told" => flow::ask_many::<F, Plain>(system, effort, 8).await,
        "ping-pong" => flow::hops(system, effort, 2, Shape::Ring, 1).await,
        "ring" => flow::hops(system, effort, 1_000, Shape::Ring, 1).await,
        "neighbours" => flow::hops(system, effort, 1_000, Shape::Random, 1_000).await,
        "fan-out" => flow::fan_out(system, effort).await,
        "spawn" => life::spawn(system, effort, 1).await,
        "spawn-many" => life::spawn(system, effort, 64).await,
        "crash" => match life::crash(system, effort).await {
            Some(figure) => figure,
            None => return Vec::new(),
        },
        "skynet" => life::skynet(system, effort).await,
        "ask-1000-p50" => return latency::paced(system, effort).await,
        _ => unreachable!("the list of cases is all there is"),
    };
    vec![Figure::new(key, figure)]
}

/// One of the ways to ask, or tell, a counter.
trait Way<F: Framework>: 'static {
    fn ask(to: &F::Counter) -> impl Future<Output = u64> + Send;

    #[inline]
    fn tell(to: &F::Counter) -> impl Future<Output = ()> + Send {
        F::tell(to, 1)
    }
}

struct Plain;
struct Async;
struct Within;

impl<F: Framework> Way<F> for Plain {
    #[inline]
    fn ask(to: &F::Counter) -> impl Future<Output = u64> + Send {
        F::ask(to, 1)
    }
}

impl<F: Framework> Way<F> for Async {
    #[inline]
    fn ask(to: &F::Counter) -> impl Future<Output = u64> + Send {
        F::ask_async(to, 1)
    }

    #[inline]
    fn tell(to: &F::Counter) -> impl Future<Output = ()> + Send {
        F::tell_async(to, 1)
    }
}

impl<F: Framework> Way<F> for Within {
    #[inline]
    fn ask(to: &F::Counter) -> impl Future<Output = u64> + Send {
        F::ask_within(to, 1)
    }
}
