//! What every system under test can do. The cases are written once, against this, so that they are like for like;
//! how a system does it is its own affair, in its fastest documented idiom.

#[cfg(feature = "peers")]
mod actix;
pub mod airssys;
#[cfg(feature = "peers")]
mod kameo;
#[cfg(feature = "peers")]
mod ractor;
mod tokio_actor;
#[cfg(feature = "peers")]
mod xtra;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

#[cfg(feature = "peers")]
pub use self::{actix::Actix, kameo::Kameo, ractor::Ractor, xtra::Xtra};
pub use self::{airssys::Airssys, tokio_actor::TokioActor};

/// The bound of every mailbox that can be bounded.
pub const BOUND: usize = 1_024;

/// The time limit of an ask that has one set.
pub const LIMIT: Duration = Duration::from_secs(1);

/// The threads that a measurement runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    Current,
    Workers(usize),
}

pub trait Framework: Clone + Send + Sync + 'static {
    /// An actor that adds up what it is told, and answers the sum.
    type Counter: Clone + Send + Sync + 'static;
    /// An actor that passes a token on to a neighbour, until the token has made its hops.
    type Hopper: Clone + Send + Sync + 'static;
    /// An actor that tells many counters one thing.
    type Publisher: Clone + Send + Sync + 'static;
    /// A counter that is restarted when it crashes, and what restarts it.
    type Guarded: Send + Sync + 'static;
    /// A counter under a supervisor, with a name, and what keeps it alive.
    type Child: Send + 'static;

    /// Whether producers wait for room.
    const BOUNDED: bool = true;

    /// Called within the runtime that the actors live in.
    fn new() -> Self;

    /// Runs `work` as a task of a runtime that is made for it, and left as it is at the end.
    fn run<T: Send + 'static>(threads: Threads, work: impl Future<Output = T> + Send + 'static) -> T {
        let mut builder = match threads {
            Threads::Current => tokio::runtime::Builder::new_current_thread(),
            Threads::Workers(_) => tokio::runtime::Builder::new_multi_thread(),
        };
        if let Threads::Workers(count) = threads {
            builder.worker_threads(count);
        }
        let runtime = builder.enable_all().build().expect("a runtime");
        let outcome = runtime.block_on(async { tokio::spawn(work).await.expect("the work does not fail") });
        // The process ends soon, and a million actors take their time to go.
        std::mem::forget(runtime);
        outcome
    }

    /// Starts a task beside the actors.
    fn task<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        tokio::spawn(work)
    }

    fn counter(&self) -> impl Future<Output = Self::Counter> + Send;

    /// Tells; waits for room where the mailbox has a bound.
    fn tell(to: &Self::Counter, by: u64) -> impl Future<Output = ()> + Send;

    /// Tells a handler that could wait, and does not; most systems have no other.
    fn tell_async(to: &Self::Counter, by: u64) -> impl Future<Output = ()> + Send {
        Self::tell(to, by)
    }

    /// Asks a handler that does not wait.
    fn ask(to: &Self::Counter, by: u64) -> impl Future<Output = u64> + Send;

    /// Asks a handler that could wait, and does not.
    fn ask_async(to: &Self::Counter, by: u64) -> impl Future<Output = u64> + Send {
        Self::ask(to, by)
    }

    /// Asks with a time limit set at the call.
    fn ask_within(to: &Self::Counter, by: u64) -> impl Future<Output = u64> + Send;

    /// Spawns an actor, ends it, and knows that it has ended.
    fn spawn_and_stop(&self) -> impl Future<Output = ()> + Send;

    fn hoppers(
        &self,
        count: usize,
        shape: Shape,
        finish: Arc<Finish>,
    ) -> impl Future<Output = Vec<Self::Hopper>> + Send;

    fn hop(to: &Self::Hopper, left: u64) -> impl Future<Output = ()> + Send;

    fn publisher(&self, to: Vec<Self::Counter>) -> impl Future<Output = Self::Publisher> + Send;

    /// Has it tell each of its counters, once; it has when this returns.
    fn publish(by: &Self::Publisher) -> impl Future<Output = ()> + Send;

    /// `None` where the system does not restart what panicked.
    fn guarded(&self) -> impl Future<Output = Option<Self::Guarded>> + Send;

    /// Crashes it; the answer is that of the next incarnation to its first message, 1.
    fn crash(it: &mut Self::Guarded) -> impl Future<Output = u64> + Send;

    /// A tree of actors, ten below each, down to `leaves` of them that tell their numbers; the sum at the root.
    fn skynet(&self, leaves: u64) -> impl Future<Output = u64> + Send;

    /// `count` children of one supervisor, each with a name. `None` where the system has no names or no supervisors.
    fn children(&self, count: usize) -> impl Future<Output = Option<Vec<Self::Child>>> + Send;
}

/// Who is whose neighbour.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// The next one.
    Ring,
    /// Anyone, chosen anew for each hop.
    Random,
}

/// The neighbours of one hopper.
pub struct Neighbours<R> {
    all: Arc<[R]>,
    shape: Shape,
    /// The next one's place in a ring, the state of a generator otherwise.
    place: u64,
}

impl<R> Neighbours<R> {
    pub fn of(place: usize, shape: Shape, all: &Arc<[R]>) -> Self {
        let place = match shape {
            Shape::Ring => ((place + 1) % all.len()) as u64,
            Shape::Random => (place as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15),
        };
        Self { all: all.clone(), shape, place }
    }

    /// Where the next token goes.
    #[inline]
    pub fn next(&mut self) -> &R {
        match self.shape {
            Shape::Ring => &self.all[self.place as usize],
            Shape::Random => {
                // Marsaglia's xorshift.
                self.place ^= self.place << 13;
                self.place ^= self.place >> 7;
                self.place ^= self.place << 17;
                &self.all[(self.place % self.all.len() as u64) as usize]
            }
        }
    }
}

/// Where tokens end; the last one wakes who waits.
#[derive(Debug, Default)]
pub struct Finish {
    left: AtomicU64,
    done: Notify,
}

impl Finish {
    pub fn expect(&self, tokens: u64) {
        self.left.store(tokens, Ordering::SeqCst);
    }

    pub fn token(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.done.notify_one();
        }
    }

    pub async fn wait(&self) {
        self.done.notified().await;
    }
}

/// What one actor of a skynet does with its number: a leaf answers, the others have children of these numbers.
pub fn skynet_children(number: u64, size: u64) -> impl Iterator<Item = u64> {
    let each = size / 10;
    (0..10).map(move |child| number + child * each)
}

/// The systems by their names on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    Airssys,
    TokioActor,
    TokioBare,
    Kameo,
    Ractor,
    Xtra,
    Actix,
    /// Not of this process: the figures come from a script.
    Erlang,
}

impl Name {
    pub const ALL: &[Self] = if cfg!(feature = "peers") {
        &[
            Self::Airssys,
            Self::Kameo,
            Self::Ractor,
            Self::Xtra,
            Self::TokioActor,
            Self::TokioBare,
            Self::Actix,
        ]
    } else {
        &[Self::Airssys, Self::TokioActor, Self::TokioBare]
    };

    /// All there could be, in the order of the table's columns.
    pub const COLUMNS: [Self; 8] = [
        Self::Airssys,
        Self::Kameo,
        Self::Ractor,
        Self::Xtra,
        Self::TokioActor,
        Self::TokioBare,
        Self::Actix,
        Self::Erlang,
    ];

    pub fn key(self) -> &'static str {
        match self {
            Self::Airssys => "airssys",
            Self::TokioActor => "tokio",
            Self::TokioBare => "tokio-bare",
            Self::Kameo => "kameo",
            Self::Ractor => "ractor",
            Self::Xtra => "xtra",
            Self::Actix => "actix",
            Self::Erlang => "erlang",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Airssys => "airssys-rt",
            Self::TokioActor => "Tokio actor",
            Self::TokioBare => "Tokio actor, no time limit",
            Self::Actix => "actix (1 thread)",
            Self::Erlang => "Erlang/OTP",
            other => other.key(),
        }
    }

    /// Whether it is compared with ours: it uses both cores, and gives what ours gives.
    pub fn is_rival(self) -> bool {
        !matches!(self, Self::Airssys | Self::TokioBare | Self::Actix | Self::Erlang)
    }

    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|name| name.key() == key)
    }
}

/// Calls `$work` with `$framework` standing for the type of the system of that name.
macro_rules! with {
    ($name:expr, $framework:ident => $work:expr) => {
        match $name {
            $crate::systems::Name::Airssys => {
                type $framework = $crate::systems::Airssys;
                $work
            }
            $crate::systems::Name::TokioActor => {
                type $framework = $crate::systems::TokioActor<true>;
                $work
            }
            $crate::systems::Name::TokioBare => {
                type $framework = $crate::systems::TokioActor<false>;
                $work
            }
            #[cfg(feature = "peers")]
            $crate::systems::Name::Kameo => {
                type $framework = $crate::systems::Kameo;
                $work
            }
            #[cfg(feature = "peers")]
            $crate::systems::Name::Ractor => {
                type $framework = $crate::systems::Ractor;
                $work
            }
            #[cfg(feature = "peers")]
            $crate::systems::Name::Xtra => {
                type $framework = $crate::systems::Xtra;
                $work
            }
            #[cfg(feature = "peers")]
            $crate::systems::Name::Actix => {
                type $framework = $crate::systems::Actix;
                $work
            }
            #[cfg(not(feature = "peers"))]
            _ => unreachable!("built without the feature `peers`"),
            #[cfg(feature = "peers")]
            $crate::systems::Name::Erlang => unreachable!("it is a script"),
        }
    };
}

pub(crate) use with;
