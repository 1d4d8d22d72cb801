//! One small error enum per operation; whatever was refused is given back inside it.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::exit::ExitReason;
use crate::process_id::ProcessId;

/// What a handler returns whose errors are failures of the actor, not answers.
///
/// `?` takes any error in it. Asked, the answer is the `T`, and the asker of a failed one gets [`AskError::Failed`]. A `Result`
/// with an error type of your own is an answer like any other, and no failure.
///
/// ```
/// # use airssys_rt::prelude::*;
/// #[actor]
/// struct Adder(i64);
///
/// #[handlers]
/// impl Adder {
///     /// Fails the actor where `text` is no number.
///     #[handler]
///     fn add_or_fail(&mut self, text: String) -> ActorResult<i64> {
///         self.0 += text.parse::<i64>()?;
///         Ok(self.0)
///     }
///
///     /// Answers with the error, and goes on.
///     #[handler]
///     fn add(&mut self, text: String) -> Result<i64, std::num::ParseIntError> {
///         self.0 += text.parse::<i64>()?;
///         Ok(self.0)
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let adder = system.spawn(Adder(0));
/// assert!(adder.add("seven".into()).await?.is_err());
/// assert_eq!(adder.add_or_fail("7".into()).await?, 7);
/// assert!(matches!(adder.add_or_fail("seven".into()).await, Err(AskError::Failed { .. })));
/// # Ok(()) }
/// ```
pub type ActorResult<T = ()> = Result<T, ActorError>;

/// A failure of an actor: any error, or a caught panic.
///
/// `?` converts every error type into it, which is why it does not implement [`Error`] itself. Displayed, it is the error and
/// its sources, from the outermost to the first.
///
/// ```
/// # use airssys_rt::prelude::*;
/// let error = ActorError::from("seven".parse::<u32>().unwrap_err());
/// assert_eq!(error.to_string(), "invalid digit found in string");
/// assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
/// assert!(!error.is_panic());
///
/// let error = ActorError::msg("no more paper");
/// assert_eq!(error.reason(), ExitReason::Failed { message: "no more paper".into() });
/// ```
pub struct ActorError(Box<Fault>);

enum Fault {
    Error(Box<dyn Error + Send + Sync>),
    Message(Arc<str>),
    /// A caught panic, and where it happened.
    Panic(Arc<str>, Option<String>),
    /// The error of a linked actor, which ends this one with the same reason.
    Exit(ExitReason),
    /// No failure: the answer was taken away to be given later.
    Deferred,
    /// No failure: the start expression decided that no process is wanted.
    Ignore,
}

impl ActorError {
    /// A failure described by a text alone.
    #[must_use]
    pub fn msg(message: impl fmt::Display) -> Self {
        Self(Box::new(Fault::Message(message.to_string().into())))
    }

    /// Not a failure: returned from a child's start expression, it says that no process is wanted.
    ///
    /// A permanent or transient child is then kept without a running process, a temporary or
    /// dynamic one is forgotten; the siblings start as usual. Erlang calls it `ignore`.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] struct Metrics;
    /// # #[handlers] impl Metrics {}
    /// #[supervisor]
    /// struct App {
    ///     metrics_on: bool,
    ///
    ///     #[child(start = if metrics_on { Metrics } else { return Err(ActorError::ignore()) })]
    ///     metrics: ActorRef<Metrics>,
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let app = system.start(App::spec(false)).await?;
    /// assert_eq!(app.children().await?[0].status, ChildStatus::Stopped);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn ignore() -> Self {
        Self(Box::new(Fault::Ignore))
    }

    pub(crate) fn panic(payload: Box<dyn Any + Send>) -> Self {
        let place = crate::instrument::take_panic_place();
        Self(Box::new(Fault::Panic(panic_text(payload), place)))
    }

    pub(crate) fn exit(reason: ExitReason) -> Self {
        Self(Box::new(Fault::Exit(reason)))
    }

    pub(crate) fn deferred() -> Self {
        Self(Box::new(Fault::Deferred))
    }

    pub(crate) fn is_deferred(&self) -> bool {
        matches!(*self.0, Fault::Deferred)
    }

    pub(crate) fn is_ignore(&self) -> bool {
        matches!(*self.0, Fault::Ignore)
    }

    /// Whether a panic was the cause: its own, or that of a linked actor.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        matches!(*self.0, Fault::Panic(..)) || matches!(*self.0, Fault::Exit(ExitReason::Panicked { .. }))
    }

    /// The source line of the panic, for reports.
    pub(crate) fn place(&self) -> Option<&str> {
        match &*self.0 {
            Fault::Panic(_, place) => place.as_deref(),
            _ => None,
        }
    }

    /// The error behind it, when it is one of type `E`: not one of its sources, and not the text of [`msg`](Self::msg).
    #[must_use]
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        match &*self.0 {
            Fault::Error(error) => error.downcast_ref(),
            _ => None,
        }
    }

    /// The reason that an actor ends with when this error ends it: [`ExitReason::Panicked`] after a panic, else
    /// [`ExitReason::Failed`].
    #[must_use]
    pub fn reason(&self) -> ExitReason {
        match &*self.0 {
            Fault::Panic(message, _) => ExitReason::Panicked { message: message.clone() },
            Fault::Exit(reason) => reason.clone(),
            Fault::Message(message) => ExitReason::Failed { message: message.clone() },
            Fault::Error(_) | Fault::Deferred | Fault::Ignore => {
                ExitReason::Failed { message: text_of(self).into() }
            }
        }
    }
}

/// The text of a displayable value, surviving a `Display` that panics.
pub(crate) fn text_of(value: &dyn fmt::Display) -> String {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| value.to_string()));
    caught.unwrap_or_else(|payload| format!("an error whose Display panicked: {}", panic_text(payload)))
}

/// The text of a panic payload that stays as it is.
pub(crate) fn peek_text(payload: &(dyn Any + Send)) -> Arc<str> {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        (*text).into()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.as_str().into()
    } else {
        "a panic without text".into()
    }
}

/// The text of a panic payload; a payload that panics when dropped is leaked on purpose.
pub(crate) fn panic_text(payload: Box<dyn Any + Send>) -> Arc<str> {
    let text = peek_text(&*payload);
    let _ = discard(payload);
    text
}

/// Drops a foreign value; a panic in its destructor stays here. Says whether there was one.
pub(crate) fn discard<T>(value: T) -> Result<(), Arc<str>> {
    if !std::mem::needs_drop::<T>() {
        return Ok(());
    }
    let mut value = Some(value);
    contained(&mut || drop(value.take())).map_err(|payload| {
        let text = peek_text(&*payload);
        // The payload of a panicking destructor may panic again when dropped: leak it.
        std::mem::forget(payload);
        text
    })
}

/// One function for all that is caught and seldom done: caught where it stands, each would be a handful of functions of its own.
#[inline(never)]
fn contained(call: &mut dyn FnMut()) -> std::thread::Result<()> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(call))
}

/// Wakes whoever it is: a waker may be foreign code, whose panic ends here.
pub(crate) fn wake(waker: Waker) {
    let mut waker = Some(waker);
    let called = contained(&mut || {
        if let Some(waker) = waker.take() {
            waker.wake();
        }
    });
    let _ = discard(called);
}

/// Tells who waits for this, whose waker may be foreign, too. False when nobody waits any more.
pub(crate) fn answer<T>(to: oneshot::Sender<T>, value: T) -> bool {
    let (mut both, mut sent) = (Some((to, value)), None);
    let called = contained(&mut || sent = both.take().map(|(to, value)| to.send(value)));
    let heard = matches!(sent, Some(Ok(())));
    let _ = discard((sent, called));
    heard
}

impl Drop for ActorError {
    fn drop(&mut self) {
        // An error of the user's type is foreign: wherever it is dropped, its destructor's panic goes no further.
        if matches!(*self.0, Fault::Error(_)) {
            let _ = discard(std::mem::replace(&mut *self.0, Fault::Ignore));
        }
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for ActorError {
    fn from(error: E) -> Self {
        Self(Box::new(Fault::Error(Box::new(error))))
    }
}

impl fmt::Display for ActorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Fault::Error(error) => {
                write!(f, "{error}")?;
                let mut source = error.source();
                while let Some(cause) = source {
                    write!(f, ": {cause}")?;
                    source = cause.source();
                }
                Ok(())
            }
            Fault::Message(message) => f.write_str(message),
            Fault::Panic(message, _) => write!(f, "panicked: {message}"),
            Fault::Exit(reason) => write!(f, "a linked actor ended: {reason}"),
            Fault::Deferred => f.write_str("the answer is given later"),
            Fault::Ignore => f.write_str("no process is wanted"),
        }
    }
}

impl fmt::Debug for ActorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActorError({self})")
    }
}

/// What the error handler of an actor decides about a failure.
///
/// ```
/// # use airssys_rt::prelude::*;
/// #[actor]
/// #[derive(Default)]
/// struct Parser {
///     lines: u32,
/// }
///
/// #[handlers]
/// impl Parser {
///     #[handler]
///     fn parse(&mut self, line: String) -> ActorResult<u32> {
///         self.lines += 1;
///         Ok(line.parse()?)
///     }
///
///     #[handler]
///     fn lines(&self) -> u32 {
///         self.lines
///     }
///
///     #[handler(error)]
///     fn failed(&mut self, _error: &ActorError) -> ErrorAction {
///         ErrorAction::Resume
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let parser = system.spawn(Parser::default());
/// assert!(parser.parse("seven".to_owned()).await.is_err());
/// assert_eq!(parser.lines().await?, 1); // it goes on with the state as it was
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorAction {
    /// Go on with the state as it is; after a panic the same as `Restart`.
    Resume,
    /// End this incarnation and let the supervisor act by the child's restart policy. The default.
    /// Without a supervisor the actor ends.
    Restart,
    /// End in an orderly way, as [`Context::stop`](crate::Context::stop) does.
    Stop,
    /// End, and make the supervisor fail too, so that its own supervisor decides.
    Escalate,
}

/// Why an ask has no answer.
///
/// Displayed, it says what happened to the request. The error of a handler's own `Result` is no `AskError` but an answer.
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] struct Clerk;
/// #[handlers]
/// impl Clerk {
///     #[handler]
///     fn copy(&mut self, page: u32) -> ActorResult<u32> {
///         if page > 9 { Err(ActorError::msg("no such page")) } else { Ok(page) }
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let clerk = system.spawn(Clerk);
/// assert_eq!(clerk.copy(1).await, Ok(1));
/// match clerk.copy(10).await {
///     Err(AskError::Failed { message }) => assert_eq!(&*message, "no such page"),
///     other => panic!("{other:?}"),
/// }
/// clerk.process().wait().await; // the failure ends it
/// let error = clerk.copy(1).await.unwrap_err();
/// assert_eq!(error.to_string(), "the actor has stopped; the request was not handled");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The actor had ended, or ended in an orderly way before it handled the message. Nothing was done.
    #[error("the actor has stopped; the request was not handled")]
    Stopped,
    /// The actor crashed or was killed with the request in hand, or for good with it queued. What was asked for may have been
    /// done in part.
    #[error("the actor crashed with the request: {reason}")]
    Crashed {
        /// How it ended.
        reason: ExitReason,
    },
    /// The handler failed with an error that is the actor's own.
    #[error("the handler failed: {message}")]
    Failed {
        /// The error's text.
        message: Arc<str>,
    },
    /// No answer came in time; the handler may still run. A request that was still queued is not handled any more.
    #[error("no answer within {limit:?}")]
    Timeout {
        /// The limit that passed.
        limit: Duration,
    },
    /// The mailbox was full and refuses what does not fit.
    #[error("the mailbox is full; the request was refused")]
    Full,
    /// The request was evicted from a full mailbox by a newer message.
    #[error("the request was evicted from a full mailbox by a newer one")]
    Evicted,
    /// The handler dropped the reply without answering, or answered with another type than was asked for.
    #[error("the request was handled without an answer")]
    NoReply,
    /// The ask would wait for itself: the asked actor waits for the asking one, directly or by others.
    #[error("the ask would wait for itself: {}", Ring(path))]
    Deadlock {
        /// The ring of asks, from the asking actor round to itself.
        path: Vec<ProcessId>,
    },
}

struct Ring<'a>(&'a [ProcessId]);

impl fmt::Display for Ring<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, pid) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(" -> ")?;
            }
            write!(f, "{pid}")?;
        }
        Ok(())
    }
}

macro_rules! message_errors {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name<M> {
            /// The mailbox is full; here is the message.
            Full(M),
            /// The actor has ended or is ending; here is the message.
            Stopped(M),
        }

        impl<M> $name<M> {
            /// The message that was not sent.
            pub fn into_message(self) -> M {
                match self {
                    Self::Full(message) | Self::Stopped(message) => message,
                }
            }
        }

        impl<M> fmt::Display for $name<M> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    Self::Full(_) => "the mailbox is full; the message was not sent",
                    Self::Stopped(_) => "the actor has stopped; the message was not sent",
                })
            }
        }

        impl<M> fmt::Debug for $name<M> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    Self::Full(_) => concat!(stringify!($name), "::Full(..)"),
                    Self::Stopped(_) => concat!(stringify!($name), "::Stopped(..)"),
                })
            }
        }

        impl<M> Error for $name<M> {}
    )*};
}

message_errors! {
    /// Why a tell failed; the message is given back.
    ///
    /// ```
    /// use airssys_rt::prelude::*;
    ///
    /// # #[actor] struct Printer;
    /// #[handlers(message(derive(Debug, PartialEq)))]
    /// impl Printer {
    ///     #[handler]
    ///     fn print(&mut self, page: String) {
    ///         println!("{page}");
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let printer = system.spawn(Printer);
    /// printer.stop().await?;
    /// let error: SendError<PrinterMessage> = printer.print("a letter".into()).tell().await.unwrap_err();
    /// assert_eq!(error.to_string(), "the actor has stopped; the message was not sent");
    /// assert_eq!(error.into_message(), PrinterMessage::Print { page: "a letter".into() });
    /// # Ok(()) }
    /// ```
    SendError;
    /// Why a message could not be sent at once; it is given back.
    ///
    /// ```
    /// use airssys_rt::prelude::*;
    ///
    /// #[actor(mailbox(capacity = 1))]
    /// struct Printer;
    /// # #[handlers(message(derive(Debug, PartialEq)))]
    /// # impl Printer { #[handler] fn print(&mut self, page: String) { println!("{page}"); } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let printer = system.spawn(Printer);
    /// printer.print("one".into()).try_tell()?;
    /// match printer.print("two".into()).try_tell() {
    ///     Err(TrySendError::Full(message)) => assert_eq!(message, PrinterMessage::Print { page: "two".into() }),
    ///     other => panic!("{other:?}"),
    /// }
    /// printer.stop().await?;
    /// let error = printer.print("three".into()).try_tell().unwrap_err();
    /// assert_eq!(error.into_message(), PrinterMessage::Print { page: "three".into() });
    /// # Ok(()) }
    /// ```
    TrySendError;
}

/// Why an actor or a supervisor did not start. Nothing of it is left behind: no process, no name.
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let counter = system.start(Counter(0)).named("counter").await?;
/// let error = system.start(Counter(0)).named("counter").await.unwrap_err();
/// assert_eq!(error, StartError::NameTaken { name: "counter".into(), owner: counter.pid() });
/// assert_eq!(error.to_string(), "the name `counter` is taken by <1>");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The start expression or the start handler returned an error.
    #[error("`{child}` failed to start: {message}")]
    Failed {
        /// The child, or the type of an actor started on its own.
        child: Arc<str>,
        /// The error's text.
        message: Arc<str>,
    },
    /// The start expression or the start handler panicked.
    #[error("`{child}` panicked while starting: {message}")]
    Panicked {
        /// The child, or the type of an actor started on its own.
        child: Arc<str>,
        /// The text of the panic.
        message: Arc<str>,
    },
    /// It was killed before it had started.
    #[error("`{child}` was killed while starting")]
    Killed {
        /// The child, or the type of an actor started on its own.
        child: Arc<str>,
    },
    /// It had not started in time, and was killed.
    #[error("`{child}` had not started within {limit:?} and was killed")]
    Timeout {
        /// The child, or the type of an actor started on its own.
        child: Arc<str>,
        /// The limit that passed.
        limit: Duration,
    },
    /// The start expression decided that no process is wanted.
    #[error("`{child}` asked not to be started")]
    Ignored {
        /// The child.
        child: Arc<str>,
    },
    /// The name belongs to somebody else.
    #[error("the name `{name}` is taken by {owner}")]
    NameTaken {
        /// The name.
        name: Arc<str>,
        /// Who holds it.
        owner: ProcessId,
    },
    /// A child of this id is running.
    #[error("a child `{child}` is running as {pid}")]
    AlreadyStarted {
        /// The child.
        child: Arc<str>,
        /// The running one.
        pid: ProcessId,
    },
    /// A child of this id is known but does not run.
    #[error("a child `{child}` exists already: restart or delete it")]
    AlreadyPresent {
        /// The child.
        child: Arc<str>,
    },
    /// The limit on the number of children is reached; a restarting child keeps its place.
    #[error("there are {max} children already")]
    MaxChildren {
        /// The limit.
        max: usize,
    },
    /// The spec contradicts itself; nothing was started.
    #[error("the spec is wrong: {message}")]
    Invalid {
        /// What is wrong with it.
        message: Arc<str>,
    },
    /// The supervisor or the system has ended.
    #[error("the supervisor has ended")]
    NoSupervisor,
}

/// Why an administrative call to a supervisor was refused: see [`Supervised`](crate::Supervised).
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[supervisor] struct App { #[child] counter: ActorRef<Counter> }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let app = system.start(App::spec()).await?;
/// assert_eq!(app.delete_child("counter").await, Err(ChildError::Running { child: "counter".into() }));
/// assert_eq!(app.restart_child("clock").await, Err(ChildError::NotFound { child: "clock".into() }));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChildError {
    /// No child has this id.
    #[error("no child `{child}`")]
    NotFound {
        /// The id asked for.
        child: Arc<str>,
    },
    /// The child is running.
    #[error("the child `{child}` is running")]
    Running {
        /// The child.
        child: Arc<str>,
    },
    /// The child is about to be restarted.
    #[error("the child `{child}` is being restarted")]
    Restarting {
        /// The child.
        child: Arc<str>,
    },
    /// It was started and failed; it stays stopped.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The supervisor has ended.
    #[error("no such process: the supervisor has ended")]
    NoSupervisor,
}

/// The actor had ended before it was told to: what awaiting an [`Ended`](crate::Ended) may give.
///
/// ```
/// use airssys_rt::NotRunning;
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let counter = system.spawn(Counter(0));
/// counter.stop().await?;
/// let again: Result<ExitReason, NotRunning> = counter.stop().await;
/// assert_eq!(again.unwrap_err().to_string(), "the actor is not running");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the actor is not running")]
#[non_exhaustive]
pub struct NotRunning;

/// Why a system could not be made.
///
/// ```
/// use airssys_rt::{System, SystemError};
///
/// // There is no Tokio runtime here.
/// assert_eq!(System::builder().build().unwrap_err(), SystemError::NoRuntime);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SystemError {
    /// There is no Tokio runtime here.
    #[error(
        "a system runs on a Tokio runtime and there is none here: make it inside one (`#[tokio::main]`), \
         or pass one with `System::builder().runtime(handle)`"
    )]
    NoRuntime,
    /// The runtime was built without its timer.
    #[error("the Tokio runtime has no timer: build it with `enable_all()` or `enable_time()`")]
    NoTimer,
}
