//! What an actor is: a state, a message type, and what it does with each message. The macros write this impl.
//!
//! The compiler shows the line of a bound where somebody breaks it: the remedy stands on that line.

use std::future::Future;
use std::sync::Arc;

use crate::address::Here;
use crate::cell::Cell;
use crate::config::ActorConfig;
use crate::context::Context;
use crate::error::{ActorError, ActorResult, AskError, ErrorAction};
use crate::exit::{Down, Exit, ExitReason};
use crate::letter::Letter;
use crate::mail::Mail;
use crate::reply::Answer;

/// What came of handing a message to a plain handler: see [`Actor::handle_plain`].
///
/// ```
/// use airssys_rt::{Actor, ActorResult, Answer, Context, Plain};
///
/// struct Greeter;
///
/// impl Actor for Greeter {
///     type Message = String;
///
///     fn is_plain(name: &String) -> bool {
///         !name.is_empty()
///     }
///
///     fn handle_plain(&mut self, name: String, _: &mut Context<Self>, answer: &mut Answer<'_>) -> Plain<String> {
///         if name.is_empty() {
///             return Plain::Later(name); // `handle` gets it
///         }
///         answer.send(format!("hello, {name}"));
///         Plain::Done(Ok(()))
///     }
///
///     async fn handle(&mut self, _name: String, ctx: &mut Context<Self>) -> ActorResult<()> {
///         tokio::task::yield_now().await;
///         ctx.answer().send("hello, whoever you are".to_owned());
///         Ok(())
///     }
/// }
///
/// # use airssys_rt::{Request, System};
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let greeter = System::new("doc").spawn(Greeter);
/// for (name, answer) in [("Ada", "hello, Ada"), ("", "hello, whoever you are")] {
///     let answered: String = Request::new(&greeter, name.to_owned()).await.unwrap();
///     assert_eq!(answered, answer);
/// }
/// # }
/// ```
pub enum Plain<M> {
    /// The handler has run.
    Done(ActorResult<()>),
    /// The message has an async handler; here it is.
    Later(M),
}

/// An actor: a state that handles one message at a time.
///
/// `#[actor]` and `#[handlers]` write this impl. By hand, `Message` and `handle` are enough; the other methods do nothing
/// unless they are written, and are called when their docs say so.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// struct Greeter;
///
/// impl Actor for Greeter {
///     type Message = String;
///
///     async fn handle(&mut self, name: String, ctx: &mut Context<Self>) -> ActorResult<()> {
///         ctx.answer().send(format!("hello, {name}"));
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let system = System::new("greetings");
/// let greeter = system.spawn(Greeter);
/// let answer: String = Request::new(&greeter, "world".to_string()).await.unwrap();
/// assert_eq!(answer, "hello, world");
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an actor",
    label = "not an actor",
    note = "write `#[actor]` above the struct and `#[handlers]` above its impl block, or `impl Actor for {Self}`"
)]
pub trait Actor: Sized + Send + 'static {
    /// The protocol: plain data. The macros make it an enum with one variant for each handler.
    type Message: Send + 'static; // It travels: take what is `Send`, an `Arc` instead of an `Rc`.
    /// How it is run: its mailbox, and where its handlers run.
    const CONFIG: ActorConfig = ActorConfig::DEFAULT;
    /// Whether [`on_start`](Self::on_start) does anything; false saves a task at every start.
    const STARTS: bool = true;
    /// Whether [`on_stop`](Self::on_stop) does anything; false lets an idle actor end in place.
    const STOPS: bool = true;
    /// Whether [`on_error`](Self::on_error) does anything; false lets a failure be dealt with in place.
    const HANDLES_ERRORS: bool = true;
    /// Whether [`prepare`](Self::prepare) does anything; false saves a look at every start.
    const PREPARES: bool = true;
    /// Whether [`on_exit`](Self::on_exit) gets the exits of linked actors, which otherwise end this one.
    const TRAPS_EXITS: bool = false;
    #[doc(hidden)]
    const SUPERVISES: bool = false;

    /// Handles one message. Its answer goes to [`Context::answer`]; an `Err` is a failure of the actor.
    ///
    /// Called for every message that [`handle_plain`](Self::handle_plain) does not take. An asker whose message is handled
    /// without an answer gets [`AskError::NoReply`](crate::AskError::NoReply).
    ///
    /// # Cancel safety
    /// The future is dropped at an await when the actor is killed; nothing of the state is used afterwards.
    fn handle(
        &mut self,
        message: Self::Message,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = ActorResult<()>> + Send; // Drop what is not `Send` before an `.await`.

    /// Whether [`handle_plain`](Self::handle_plain) handles this message, so that it needs no future and may run on the turn of
    /// its asker. False unless it is written. [`Plain`] has an example.
    #[must_use]
    fn is_plain(message: &Self::Message) -> bool {
        let _ = message;
        false
    }

    /// Handles a message whose handler does not await; gives any other message back, for [`handle`](Self::handle).
    ///
    /// [`Plain`] has an example.
    fn handle_plain(
        &mut self,
        message: Self::Message,
        ctx: &mut Context<Self>,
        answer: &mut Answer<'_>,
    ) -> Plain<Self::Message> {
        let _ = (ctx, answer);
        Plain::Later(message)
    }

    /// Sets up declared subscriptions and timers, at the beginning of every incarnation.
    ///
    /// Where the macros put the handlers of `#[handler(event)]`, `#[handler(every = …)]` and `#[handler(after = …)]`. What is
    /// subscribed here is subscribed for good, also between two incarnations.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// struct Clock(u32);
    ///
    /// #[derive(Clone)]
    /// struct Tick;
    ///
    /// impl Actor for Clock {
    ///     type Message = Tick;
    ///
    ///     fn prepare(ctx: &mut Context<Self>) {
    ///         ctx.every(Duration::from_secs(1), Tick);
    ///     }
    ///
    ///     async fn handle(&mut self, _tick: Tick, ctx: &mut Context<Self>) -> ActorResult<()> {
    ///         self.0 += 1;
    ///         if self.0 == 3 {
    ///             ctx.stop();
    ///         }
    ///         Ok(())
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let clock = system.spawn(Clock(0));
    /// assert_eq!(clock.process().wait().await, ExitReason::Normal); // after three seconds
    /// # Ok(()) }
    /// ```
    fn prepare(ctx: &mut Context<Self>) {
        let _ = ctx;
    }

    /// Runs once per incarnation, before the first message. An `Err` or a panic is a failed start: the incarnation ends.
    ///
    /// What [`System::start`](crate::System::start) and a supervisor wait for. The macros write it from `#[handler(start)]`.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// struct Server {
    ///     port: Option<u16>,
    /// }
    ///
    /// impl Actor for Server {
    ///     type Message = ();
    ///
    ///     async fn on_start(&mut self, _: &mut Context<Self>) -> ActorResult<()> {
    ///         self.port.ok_or_else(|| ActorError::msg("no port"))?;
    ///         Ok(())
    ///     }
    ///
    ///     async fn handle(&mut self, _: (), _: &mut Context<Self>) -> ActorResult<()> {
    ///         Ok(())
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// assert!(system.start(Server { port: Some(80) }).await.is_ok());
    /// let error = system.start(Server { port: None }).await.unwrap_err();
    /// assert_eq!(error.to_string(), "`Server` failed to start: no port");
    /// # Ok(()) }
    /// ```
    fn on_start(&mut self, ctx: &mut Context<Self>) -> impl Future<Output = ActorResult<()>> + Send {
        let _ = ctx;
        async { Ok(()) }
    }

    /// Runs once when the incarnation ends in an orderly way or by a failure without a panic; never after a panic, whose state
    /// is not to be trusted, nor on a kill.
    ///
    /// Bounded by the child's shutdown limit (5 s unless said otherwise). An `Err` is reported and changes nothing. Called
    /// `terminate` in Erlang; the macros write it from `#[handler(stop)]`.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # use std::sync::{Arc, Mutex};
    /// struct Writer {
    ///     file: Arc<Mutex<Vec<&'static str>>>, // imagine a file
    /// }
    ///
    /// impl Actor for Writer {
    ///     type Message = &'static str;
    ///
    ///     async fn handle(&mut self, line: &'static str, _: &mut Context<Self>) -> ActorResult<()> {
    ///         self.file.lock().unwrap().push(line);
    ///         Ok(())
    ///     }
    ///
    ///     async fn on_stop(&mut self, _: ExitReason, _: &mut Context<Self>) -> ActorResult<()> {
    ///         self.file.lock().unwrap().push("the end");
    ///         Ok(())
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let file = Arc::new(Mutex::new(Vec::new()));
    /// let writer = system.spawn(Writer { file: file.clone() });
    /// writer.tell("once upon a time").await?;
    /// writer.drain().await?;
    /// assert_eq!(*file.lock().unwrap(), ["once upon a time", "the end"]);
    /// # Ok(()) }
    /// ```
    fn on_stop(
        &mut self,
        reason: ExitReason,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = ActorResult<()>> + Send {
        let _ = (reason, ctx);
        async { Ok(()) }
    }

    /// Decides about a failure of a handler. By default the supervisor does, by the child's restart policy.
    ///
    /// The macros write it from `#[handler(error)]`.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// struct Parser {
    ///     lines: u32,
    /// }
    ///
    /// impl Actor for Parser {
    ///     type Message = String;
    ///
    ///     async fn handle(&mut self, line: String, ctx: &mut Context<Self>) -> ActorResult<()> {
    ///         self.lines += 1;
    ///         let number: i64 = line.parse()?; // an error is a failure of the actor
    ///         ctx.answer().send((self.lines, number));
    ///         Ok(())
    ///     }
    ///
    ///     async fn on_error(&mut self, error: &ActorError, _: &mut Context<Self>) -> ErrorAction {
    ///         // The state is sound after an error, but not after a panic.
    ///         if error.is_panic() { ErrorAction::Restart } else { ErrorAction::Resume }
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let parser = system.spawn(Parser { lines: 0 });
    /// let ask = |line: &str| Request::<_, _, (u32, i64)>::new(&parser, line.to_owned()).owned();
    /// assert!(matches!(ask("seven").await, Err(AskError::Failed { .. })));
    /// assert_eq!(ask("7").await, Ok((2, 7)));
    /// # Ok(()) }
    /// ```
    fn on_error(
        &mut self,
        error: &ActorError,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = ErrorAction> + Send {
        let _ = (error, ctx);
        async { ErrorAction::Restart }
    }

    /// A monitored actor has ended for good: see [`Context::monitor`]. The macros write it from `#[handler(down)]`.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// struct Nurse {
    ///     patient: ActorRef<Counter>,
    /// }
    ///
    /// impl Actor for Nurse {
    ///     type Message = ();
    ///
    ///     async fn on_start(&mut self, ctx: &mut Context<Self>) -> ActorResult<()> {
    ///         ctx.monitor(&self.patient);
    ///         Ok(())
    ///     }
    ///
    ///     async fn handle(&mut self, _: (), _: &mut Context<Self>) -> ActorResult<()> {
    ///         Ok(())
    ///     }
    ///
    ///     async fn on_down(&mut self, down: Down, ctx: &mut Context<Self>) -> ActorResult<()> {
    ///         ctx.shutdown_with(format!("{} was {}", down.pid, down.reason));
    ///         Ok(())
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let patient = system.spawn(Counter(0));
    /// let nurse = system.start(Nurse { patient: patient.clone() }).await?;
    /// patient.kill().await?;
    /// assert_eq!(nurse.process().wait().await.to_string(), "shutdown: <1> was killed");
    /// # Ok(()) }
    /// ```
    fn on_down(
        &mut self,
        down: Down,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = ActorResult<()>> + Send {
        let _ = (down, ctx);
        async { Ok(()) }
    }

    /// A linked actor has failed, or has ended for good. Called only where [`TRAPS_EXITS`](Self::TRAPS_EXITS) is true; else a
    /// failure ends this actor, too. The macros write both from `#[handler(exit)]`.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// struct Partner;
    ///
    /// impl Actor for Partner {
    ///     type Message = ActorRef<Counter>;
    ///     const TRAPS_EXITS: bool = true;
    ///
    ///     async fn handle(&mut self, other: ActorRef<Counter>, ctx: &mut Context<Self>) -> ActorResult<()> {
    ///         ctx.link(&other);
    ///         ctx.answer().send(());
    ///         Ok(())
    ///     }
    ///
    ///     async fn on_exit(&mut self, exit: Exit, ctx: &mut Context<Self>) -> ActorResult<()> {
    ///         ctx.shutdown_with(format!("{} was {}", exit.pid, exit.reason));
    ///         Ok(())
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let counter = system.spawn(Counter(0));
    /// let partner = system.spawn(Partner);
    /// partner.ask(counter.clone()).await?; // the link is made
    /// counter.kill().await?;
    /// assert_eq!(partner.process().wait().await.to_string(), "shutdown: <1> was killed");
    /// # Ok(()) }
    /// ```
    fn on_exit(
        &mut self,
        exit: Exit,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = ActorResult<()>> + Send {
        let _ = (exit, ctx);
        async { Ok(()) }
    }
}

/// An actor that handles messages of type `M`, which it may share with other actors.
///
/// `#[handler(message)]` and `#[handler(event)]` write this impl. Every actor handles its own
/// `Message`; asked with it by value, the answer is `()`, whatever its handler answers with.
///
/// ```
/// # use airssys_rt::prelude::*;
/// #[derive(Clone, Debug, PartialEq)]
/// struct Double(u32);
///
/// # #[actor] struct Doubler;
/// # #[handlers] impl Doubler {}
/// impl Handles<Double> for Doubler {
///     type Reply = Result<u32, &'static str>;
///
///     fn is_plain(_: &Double) -> bool {
///         true
///     }
///
///     fn handle_plain(&mut self, number: Double, _: &mut Context<Self>) -> Result<ActorResult<Self::Reply>, Double> {
///         Ok(Ok(number.0.checked_mul(2).ok_or("too large")))
///     }
///
///     async fn handle(&mut self, number: Double, ctx: &mut Context<Self>) -> ActorResult<Self::Reply> {
///         // Only for what `handle_plain` gives back: nothing here.
///         Handles::handle_plain(self, number, ctx).unwrap_or(Ok(Err("not now")))
///     }
///
///     fn is_error(reply: &Self::Reply) -> bool {
///         reply.is_err()
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let doubler = system.spawn(Doubler);
/// assert_eq!(doubler.ask(Double(21)).await?, Ok(42));
/// doubler.tell(Double(u32::MAX)).await?; // answered with an error that nobody sees
/// # doubler.drain().await?;
/// assert_eq!(system.counters().told_errors, 1);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle messages of type `{M}`",
    label = "no handler for `{M}`",
    note = "give `{Self}` a `#[handler(message)]` (or `#[handler(event)]` for an event) with one argument of type `{M}`",
    note = "where it is the message of a protocol, write `#[handlers(protocols(…))]` with the protocol's name"
)]
pub trait Handles<M: Send + 'static>: Actor {
    /// What an ask is answered with.
    type Reply: Send + 'static; // It travels: return what is `Send`, an `Arc` instead of an `Rc`.

    /// Handles one message; what it returns is the answer, an `Err` is a failure of the actor.
    ///
    /// # Cancel safety
    /// The future is dropped at an await when the actor is killed.
    fn handle(
        &mut self,
        message: M,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = ActorResult<Self::Reply>> + Send; // Drop what is not `Send` before an `.await`.

    /// Whether [`handle_plain`](Self::handle_plain) handles this message, so that it needs no future. False unless it is
    /// written.
    #[must_use]
    fn is_plain(message: &M) -> bool {
        let _ = message;
        false
    }

    /// Handles a message without awaiting; gives it back where the handler is async.
    ///
    /// # Errors
    /// The message itself, when [`handle`](Self::handle) has to be called.
    fn handle_plain(&mut self, message: M, ctx: &mut Context<Self>) -> Result<ActorResult<Self::Reply>, M> {
        let _ = ctx;
        Err(message)
    }

    /// Whether an answer is an error of the handler's own, worth a warning and a count when nobody asked. The macros say so of
    /// every `Err`.
    #[must_use]
    fn is_error(reply: &Self::Reply) -> bool {
        let _ = reply;
        false
    }

    /// The message as one of the actor's own, where there is one that says the same. It is then sent as that, at no cost.
    ///
    /// `#[handlers(protocols(…))]` writes it for the messages of a [`protocol`](macro@crate::protocol). By hand:
    ///
    /// ```
    /// use airssys_rt::prelude::*;
    ///
    /// #[protocol]
    /// trait Ledger {
    ///     fn deposit(&self, amount: u64) -> u64;
    /// }
    ///
    /// struct Account(u64);
    ///
    /// impl Actor for Account {
    ///     type Message = u64;
    ///
    ///     async fn handle(&mut self, amount: u64, ctx: &mut Context<Self>) -> ActorResult<()> {
    ///         self.0 += amount;
    ///         ctx.answer().send(self.0);
    ///         Ok(())
    ///     }
    /// }
    ///
    /// impl Handles<LedgerMessage> for Account {
    ///     type Reply = ();
    ///
    ///     async fn handle(&mut self, message: LedgerMessage, ctx: &mut Context<Self>) -> ActorResult<()> {
    ///         let LedgerMessage::Deposit { amount } = message;
    ///         Actor::handle(self, amount, ctx).await
    ///     }
    ///
    ///     fn into_own(LedgerMessage::Deposit { amount }: LedgerMessage) -> Result<u64, LedgerMessage> {
    ///         Ok(amount)
    ///     }
    ///
    ///     fn from_own(amount: u64) -> Result<LedgerMessage, u64> {
    ///         Ok(LedgerMessage::Deposit { amount })
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let ledger: LedgerRef = System::new("doc").spawn(Account(1)).recipient();
    /// assert_eq!(ledger.deposit(7).await, Ok(8));
    /// # }
    /// ```
    ///
    /// # Errors
    /// The message itself, when it is sent and handled as it is.
    fn into_own(message: M) -> Result<Self::Message, M> {
        Err(message)
    }

    /// The message that [`into_own`](Self::into_own) made `own` of: what a sender gets back when it is refused.
    /// [`Handles::into_own`] has an example.
    ///
    /// # Errors
    /// `own` itself, when it was made of none.
    fn from_own(own: Self::Message) -> Result<M, Self::Message> {
        Err(own)
    }

    #[doc(hidden)]
    fn ask_here(cell: &Arc<Cell<Self>>, message: M, Here { spot, poll }: Here<'_>) -> Result<(), M> {
        let own = Self::into_own(message)?;
        let Err(own) = cell.ask_here(own, Here { spot: &mut *spot, poll }) else { return Ok(()) };
        if let Ok(message) = Self::from_own(own) {
            return Err(message);
        }
        // The impl contradicts itself, and there is nothing to give back.
        spot.fail(AskError::NoReply);
        Ok(())
    }

    #[doc(hidden)]
    #[inline]
    fn tell_here(cell: &Arc<Cell<Self>>, message: &mut Option<M>) -> bool {
        let _ = (cell, message);
        false
    }

    #[doc(hidden)]
    fn into_mail(letter: Letter<M>) -> Mail<Self> {
        let Letter { message, port } = letter;
        match Self::into_own(message) {
            Ok(message) => Mail::Message(Letter { message, port }),
            Err(message) => Mail::shared(Letter { message, port }),
        }
    }

    #[doc(hidden)]
    fn from_mail(mail: Mail<Self>) -> Option<Letter<M>> {
        match mail {
            Mail::Message(Letter { message, port }) => match Self::from_own(message) {
                Ok(message) => Some(Letter { message, port }),
                Err(_) => {
                    if let Some(port) = port {
                        port.fail(AskError::NoReply);
                    }
                    None
                }
            },
            other => other.into_shared(),
        }
    }
}

impl<A: Actor> Handles<A::Message> for A {
    type Reply = ();

    async fn handle(&mut self, message: A::Message, ctx: &mut Context<Self>) -> ActorResult<()> {
        Actor::handle(self, message, ctx).await
    }

    #[inline]
    fn ask_here(cell: &Arc<Cell<Self>>, message: A::Message, spot: Here<'_>) -> Result<(), A::Message> {
        cell.ask_here(message, spot)
    }

    #[inline]
    fn tell_here(cell: &Arc<Cell<Self>>, message: &mut Option<A::Message>) -> bool {
        cell.tell_here(message)
    }

    #[inline]
    fn into_mail(letter: Letter<A::Message>) -> Mail<Self> {
        Mail::Message(letter)
    }

    fn from_mail(mail: Mail<Self>) -> Option<Letter<A::Message>> {
        match mail {
            Mail::Message(letter) => Some(letter),
            Mail::Other(_) => None,
        }
    }
}

crate::opaque::opaque_debug! {
    Plain<M>;
}
