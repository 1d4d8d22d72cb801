//! The one doorway of tracing: nothing else in the crate names it.

use std::cell::{Cell, RefCell};
use std::panic::Location;

use tracing::level_filters::LevelFilter;
use tracing::{Level, Span};

use crate::error::ActorError;
use crate::exit::ExitReason;
use crate::process_id::ProcessId;

/// Whether anybody records anything.
#[inline]
pub(crate) fn is_on() -> bool {
    LevelFilter::current() != LevelFilter::OFF
}

/// The caller's context, carried by a message: its span, when anybody records spans.
pub(crate) struct Caller(Option<Box<Span>>);

impl Caller {
    pub(crate) fn none() -> Self {
        Self(None)
    }

    #[inline]
    pub(crate) fn current() -> Self {
        if !is_on() {
            return Self(None);
        }
        Self::look()
    }

    #[cold]
    fn look() -> Self {
        let span = Span::current();
        Self((!span.is_none()).then(|| Box::new(span)))
    }

    #[inline]
    pub(crate) fn is_some(&self) -> bool {
        self.0.is_some()
    }
}

/// The span in which an actor handles one message: its own, below the caller's.
///
/// In a box, since nearly always there is none, and it lies in every handler's future.
pub(crate) struct Room(Option<Box<Span>>);

impl Room {
    /// Nobody records spans.
    #[inline]
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// `caller` is looked for only when somebody records spans.
    #[inline]
    pub(crate) fn of<C: std::borrow::Borrow<Caller>>(
        pid: ProcessId,
        actor: &'static str,
        name: impl Fn() -> Option<std::sync::Arc<str>>,
        caller: impl FnOnce() -> Option<C>,
    ) -> Self {
        if !is_on() {
            return Self(None);
        }
        Self::open(pid, actor, name().as_deref(), caller().as_ref().map(std::borrow::Borrow::borrow))
    }

    #[cold]
    fn open(pid: ProcessId, actor: &'static str, name: Option<&str>, caller: Option<&Caller>) -> Self {
        let pid = tracing::field::display(pid);
        let span = match caller.and_then(|caller| caller.0.as_deref()) {
            Some(caller) => {
                tracing::span!(target: "airssys_rt", parent: caller, Level::INFO, "actor", %pid, name, actor)
            }
            None => {
                tracing::span!(target: "airssys_rt", parent: None, Level::INFO, "actor", %pid, name, actor)
            }
        };
        Self(Some(Box::new(span)))
    }

    #[inline]
    pub(crate) fn within<T>(&self, run: impl FnOnce() -> T) -> T {
        match &self.0 {
            None => run(),
            Some(span) => span.in_scope(run),
        }
    }
}

pub(crate) fn started(pid: ProcessId, name: Option<&str>, actor: &'static str, incarnation: u32) {
    tracing::debug!(target: "airssys_rt", %pid, name, actor, incarnation, "actor started");
}

pub(crate) fn start_failed(pid: ProcessId, name: Option<&str>, actor: &'static str, reason: &ExitReason) {
    tracing::warn!(target: "airssys_rt", %pid, name, actor, %reason, "actor failed to start");
}

pub(crate) fn stopped(pid: ProcessId, name: Option<&str>, actor: &'static str, reason: &ExitReason) {
    tracing::debug!(target: "airssys_rt", %pid, name, actor, %reason, "actor stopped");
}

pub(crate) fn crashed(
    pid: ProcessId,
    name: Option<&str>,
    actor: &'static str,
    message: &str,
    error: &ActorError,
) {
    let (place, error) = (error.place(), crate::error::text_of(error));
    tracing::error!(target: "airssys_rt", %pid, name, actor, message_type = message, place, error, "actor crashed");
}

pub(crate) fn killed(pid: ProcessId, name: Option<&str>, actor: &'static str, reason: &ExitReason) {
    tracing::warn!(target: "airssys_rt", %pid, name, actor, %reason, "actor killed");
}

pub(crate) fn hook_failed(pid: ProcessId, actor: &'static str, hook: &'static str, problem: &str) {
    tracing::error!(target: "airssys_rt", %pid, actor, hook, problem, "hook failed");
}

pub(crate) fn restarting(pid: ProcessId, child: &str, supervisor: ProcessId, reason: &ExitReason) {
    tracing::info!(target: "airssys_rt", %pid, child, %supervisor, %reason, "child restarts");
}

pub(crate) fn gave_up(supervisor: ProcessId, reason: &ExitReason) {
    tracing::error!(target: "airssys_rt", %supervisor, %reason, "restart intensity exceeded: supervisor gives up");
}

pub(crate) fn leaked(pid: ProcessId, actor: &'static str) {
    tracing::error!(
        target: "airssys_rt", %pid, actor,
        "actor does not yield, so it could not be ended in time: it is left behind"
    );
}

pub(crate) fn dead_letter(pid: ProcessId, actor: &'static str, message: &'static str, reason: &ExitReason) {
    tracing::debug!(target: "airssys_rt", %pid, actor, message_type = message, %reason, "dead letter");
}

pub(crate) fn task_panicked(pid: ProcessId, actor: &'static str, text: &str) {
    tracing::error!(target: "airssys_rt", %pid, actor, text, "a task spawned by the actor panicked");
}

pub(crate) fn timer_panicked(text: &str) {
    tracing::error!(target: "airssys_rt", text, "a timer's message panicked when it was cloned or dropped: the timer ends");
}

thread_local! {
    static TOLD_ERRORS: Cell<u64> = const { Cell::new(0) };
    static IN_ACTOR: Cell<u32> = const { Cell::new(0) };
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A told message was answered with an `Err` that nobody will see.
#[cold]
pub(crate) fn told_error(error: &'static str) {
    tracing::warn!(target: "airssys_rt", error, "a told message was answered with an error");
    TOLD_ERRORS.with(|count| count.set(count.get() + 1));
}

/// How many errors were told on this thread since the last call.
#[inline]
pub(crate) fn take_told_errors() -> u64 {
    TOLD_ERRORS.with(|count| count.replace(0))
}

/// Whether an actor's code runs on this thread, under a watch.
pub(crate) fn in_actor() -> bool {
    IN_ACTOR.with(Cell::get) > 0
}

/// While this lives, a panic on this thread is an actor's, and its place is noted.
pub(crate) struct PanicWatch;

impl PanicWatch {
    #[inline]
    pub(crate) fn new() -> Self {
        IN_ACTOR.with(|depth| depth.set(depth.get() + 1));
        Self
    }
}

impl Drop for PanicWatch {
    #[inline]
    fn drop(&mut self) {
        IN_ACTOR.with(|depth| depth.set(depth.get() - 1));
    }
}

/// Where the panic that was just caught on this thread happened.
pub(crate) fn take_panic_place() -> Option<String> {
    LAST_PANIC.try_with(|last| last.borrow_mut().take()).ok().flatten()
}

/// Makes the place of a panic known to the crash report. The hook that was there before still runs.
pub(crate) fn watch_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if IN_ACTOR.try_with(Cell::get).is_ok_and(|depth| depth > 0) {
                let place = info.location().map(Location::to_string);
                let _ = LAST_PANIC.try_with(|last| {
                    if let Ok(mut last) = last.try_borrow_mut() {
                        *last = place;
                    }
                });
            }
            before(info);
        }));
    });
}
