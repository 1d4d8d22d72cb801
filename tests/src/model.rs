//! What a tree of supervisors does, as a pure model: a description goes in, then steps, and out come the
//! lines that anybody would see.
//!
//! It knows nothing of the runtime: its words are its own, it has no task, no clock and no lock, and it was
//! written from the rows of BEHAVIOUR.tsv and from OTP's `supervisor.erl` alone. `tests/tests/model.rs` holds
//! the runtime against it.
//!
//! # What it models
//!
//! * **Start** — children in order, each finished before the next (C001); a failing child undoes those before it
//!   in reverse order and fails its supervisor (C002, C003); `start_child` that fails leaves nothing (C009).
//! * **Restart types** — permanent always (C011); transient only after an error, a panic or a kill, kept as
//!   stopped otherwise (C012..C014); temporary never, and forgotten at once (C015), as a bystander too (C016).
//! * **Strategies** — who is affected (C020, C022, C023); stop in reverse order, then start in order (C021, C022);
//!   the order never changes (C024); a failed restart of a group goes on with the one that failed, which under
//!   `one_for_all` means everybody and under `rest_for_one` means from there (C025, C026); a group counts once
//!   (C027); two that crash at once make one new group, and word of an end already dealt with is ignored (C028);
//!   children added at run time are members like others (C029); stopped but kept siblings start again (C030).
//! * **Intensity** — one budget for each supervisor (C035), a sliding window (C032) in which a restart exactly as
//!   old as the period still counts (C039), every try counts (C034), none with a limit of 0 (C033); beyond it
//!   the children stop in reverse order and the supervisor ends with `shutdown` (C031), which its parent takes
//!   as any other end (C037); then only declared children come back (C038).
//! * **Backoff** — a failure counts, and if the budget allows it the try comes after a delay that doubles up to
//!   a longest one and starts over once a child was up for longer than `reset_after` (C040); a waiting child is
//!   `restarting`, and whoever stops or forgets it cancels that for good (C036, C041).
//! * **Shutdown** — in reverse order, one after another (C042); one that does not end in time is killed then
//!   (C043); brutal kill (C044); members of a `Children` group at the same time (C048); a killed supervisor takes
//!   everything with it (C049).
//! * **Admin calls** — C017, C054..C062, and `max` of a group (C063).
//! * **Auto-shutdown** — C066..C069, C071.
//!
//! # What it adds where the rows are silent
//!
//! * A deleted child stays deleted when its supervisor is restarted, a declared one too; OTP's `init` would name it
//!   again.
//! * With a backoff, the first try counts when the child fails, and a further one when it is made.
//! * With a backoff, the others of a group stop when the try comes, as in OTP, which has no delay; after a try that
//!   failed, those that it stopped are `restarting` with the one they wait for, and have ended with it when that is
//!   called off.
//! * The members of a `Children` group live by one_for_one on the budget of the supervisor that has the field. In a
//!   group restart they stop and start as one child (C029), but for temporary ones.
//! * An incarnation has a number: it is the n-th successful start of that child.
//! * *Ended for good* (`ended`) is said once it is decided that nobody starts it again of their own accord. A child
//!   that is kept may still be started again by `restart_child` or with its group.
//!
//! # What it leaves out
//!
//! Start hooks that answer ignore (C004, C064) or take long (C008), `Pool`, names (C010), stops with a deadline of
//! the caller (C047), ends while a supervisor is stopping (C046), and whatever concerns messages. Steps come one
//! after another: what one of them sets off is over before the next one.
mod tree;
pub use tree::Tree;

#[cfg(test)]
mod rows;

/// Milliseconds since the tree was made.
pub type Millis = u64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    OneForOne,
    OneForAll,
    RestForOne,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    Permanent,
    Transient,
    Temporary,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutoShutdown {
    Never,
    AnySignificant,
    AllSignificant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    After(Millis),
    Kill,
    Wait,
}

/// Why an incarnation was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Normal,
    Shutdown,
    Error,
    Panic,
    Killed,
}

impl Reason {
    pub fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Shutdown => "shutdown",
            Self::Error => "error",
            Self::Panic => "panic",
            Self::Killed => "killed",
        }
    }

    fn is_abnormal(self) -> bool {
        !matches!(self, Self::Normal | Self::Shutdown)
    }
}

/// How a start fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Error,
    Panic,
}

impl Fault {
    fn reason(self) -> Reason {
        match self {
            Self::Error => Reason::Error,
            Self::Panic => Reason::Panic,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Panic => "panic",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    pub first: Millis,
    pub max: Millis,
    pub reset_after: Millis,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Unlike that of every other child in the tree.
    pub id: String,
    pub policy: Policy,
    pub shutdown: Shutdown,
    pub significant: bool,
    pub body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A worker; one that is `stuck` never gets through its stop hook when its supervisor stops it.
    Worker {
        stuck: bool,
    },
    Supervisor(Supervisor),
    /// A group of workers that are all started at run time; `policy` and `shutdown` of the child are theirs.
    Children {
        max: usize,
        stuck: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supervisor {
    pub strategy: Strategy,
    pub max_restarts: usize,
    pub within: Millis,
    pub backoff: Option<Backoff>,
    pub auto_shutdown: AutoShutdown,
    pub children: Vec<Child>,
}

/// One thing that is done to a tree from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A worker ends of its own accord, or is killed.
    Crash {
        who: String,
        how: Reason,
    },
    /// Two workers of one supervisor end before it hears of either.
    CrashBoth {
        first: String,
        second: String,
        how: Reason,
    },
    /// The next starts of a worker fail.
    FailStarts {
        who: String,
        times: u32,
        how: Fault,
    },
    StartChild {
        supervisor: String,
        child: Child,
    },
    TerminateChild {
        supervisor: String,
        id: String,
    },
    RestartChild {
        supervisor: String,
        id: String,
    },
    DeleteChild {
        supervisor: String,
        id: String,
    },
    StartMember {
        group: String,
        id: String,
    },
    TerminateMember {
        group: String,
        id: String,
    },
    /// A supervisor is killed.
    Kill {
        supervisor: String,
    },
    /// A supervisor is asked to stop, but not by its parent; the root is stopped so as well.
    Stop {
        supervisor: String,
    },
    Advance {
        by: Millis,
    },
}

/// What was seen while something was going on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    Then(String),
    /// In no order that a row names.
    AnyOrder(Vec<String>),
}

/// All that one step showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    pub seen: Vec<Seen>,
    /// Who ended for good, sorted: no row orders them among each other.
    pub ended: Vec<String>,
    /// The result of an admin call.
    pub answer: Option<String>,
    /// There was nobody to do this to.
    pub skipped: bool,
    /// Two supervisors had something to do at the same moment: no row says who is first.
    pub coincide: bool,
}

impl Outcome {
    /// What came after this belongs to it.
    pub fn then(&mut self, next: Self) {
        self.seen.extend(next.seen);
        self.ended.extend(next.ended);
        self.ended.sort();
        self.coincide |= next.coincide;
    }

    /// One line for each thing seen, for reading and for the tests of the rows.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for seen in &self.seen {
            match seen {
                Seen::Then(line) => lines.push(line.clone()),
                Seen::AnyOrder(some) => lines.push(format!("{{{}}}", some.join(", "))),
            }
        }
        lines.extend(self.ended.iter().cloned());
        lines.extend(self.answer.iter().map(|answer| format!("-> {answer}")));
        lines
    }
}
