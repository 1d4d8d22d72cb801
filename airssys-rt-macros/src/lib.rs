//! The attribute macros of `airssys-rt`: parse → check → expand, each verb in its own room.
//!
//! `args` and `model` read an item and decide every generated name, `check` collects every mistake, `expand`
//! writes the code. The user's own item comes out in any case, so that one mistake is one message.
//!
//! Use them through `airssys_rt`, which re-exports them all.

mod args;
mod check;
mod errors;
mod expand;
mod model;
mod rooms;

#[cfg(test)]
mod goldens;

use proc_macro::TokenStream;

/// Makes a struct or an enum an actor, and says how it is run.
///
/// The item is left as it is. What the actor handles is said by [`macro@handlers`] on an impl block.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// #[actor(mailbox(capacity = 256, backpressure = "block"))]
/// #[derive(Default)]
/// struct Counter {
///     value: i64,
/// }
///
/// #[handlers]
/// impl Counter {
///     #[handler]
///     fn increment(&mut self, by: i64) -> i64 {
///         self.value += by;
///         self.value
///     }
/// }
/// ```
///
/// # Options
///
/// | option | meaning | without it |
/// | --- | --- | --- |
/// | `mailbox(capacity = 256)` | how many messages can wait, from 1 to 4,294,967,294; or `"unbounded"` | 1,024 |
/// | `mailbox(backpressure = "…")` | when it is full: `"block"` makes senders wait, `"drop"` refuses the new message, `"drop_oldest"` evicts the oldest | `"block"` |
/// | `inline = false` | forbids to run a plain handler on the asker's turn | `true` |
/// | `blocking` | the actor's code may block its thread: it runs on Tokio's blocking pool, a thread hop for each activation; never `inline` | `false` |
/// | `crate = some::path` | where `airssys_rt` is found | `::airssys_rt` |
///
/// Bare words mean the same as strings: `backpressure = drop_oldest`.
///
/// # Blocking
///
/// A handler that blocks its thread stops whatever else that thread has to do. With `blocking`, all of the actor's code,
/// from the start expression to the destructor, runs where that harms nobody: sleeping, blocking files and sockets, long
/// computations and blocking asks are then allowed. `ActorConfig::blocking` has what it costs, and what else there is.
///
/// # Errors
///
/// An actor owns its state, so it has no lifetime parameters. Everything else about the item is free.
#[proc_macro_attribute]
pub fn actor(args: TokenStream, item: TokenStream) -> TokenStream {
    rooms::actor(args.into(), item.into()).into()
}

/// Collects the [`macro@handler`] methods of an impl block into the actor's protocol.
///
/// The impl stays as written. Next to it, for an actor `Counter`, there is then
///
/// * `enum CounterMessage`, `#[non_exhaustive]`, with a variant for each handler and a field for each of its
///   arguments: plain data, without a channel or a reply inside;
/// * `impl Actor for Counter`, which runs the handlers in place;
/// * `trait CounterApi`, which gives every address of `CounterMessage` a method for each handler, with its
///   name, arguments and docs. It returns a `Request`: `.await` it for the answer, or `.tell()` it.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// #[actor]
/// struct Cache<K, V> {
///     entries: Vec<(K, V)>,
/// }
///
/// #[handlers(message(name = "CacheCommand", derive(Debug, Clone)), vis = "pub(crate)")]
/// impl<K, V> Cache<K, V>
/// where
///     K: PartialEq + Send + 'static,
///     V: Clone + Send + 'static,
/// {
///     /// The value under `key`.
///     #[handler]
///     pub fn get(&mut self, key: K) -> Option<V> {
///         let entry = self.entries.iter().find(|(other, _)| *other == key)?;
///         Some(entry.1.clone())
///     }
/// }
///
/// # fn show() -> CacheCommand<u8, String> {
/// CacheCommand::Get { key: 7 }
/// # }
/// ```
///
/// # Options
///
/// | option | meaning | without it |
/// | --- | --- | --- |
/// | `message(name = "CacheCommand")` | the name of the enum | `CacheMessage` |
/// | `message(derive(Debug, Clone))` | what it derives | nothing |
/// | `vis = "pub(crate)"` | who sees the enum and the trait; `""` is private | as the most visible handler |
/// | `crate = some::path` | where `airssys_rt` is found | `::airssys_rt` |
///
/// The enum itself is always `pub`, since a public actor could not have a private one as its `Message`; where it is
/// not meant for everybody, it is hidden from the docs, and the trait is out of reach.
///
/// # Errors
///
/// Every mistake in the block is reported by one build, and the handlers without one work on.
#[proc_macro_attribute]
pub fn handlers(args: TokenStream, item: TokenStream) -> TokenStream {
    rooms::handlers(args.into(), item.into()).into()
}

/// Marks a method of an impl block under [`macro@handlers`], and says when it is called.
///
/// | attribute | the method is called |
/// | --- | --- |
/// | `#[handler]` | for its own variant of the actor's message |
/// | `#[handler(message)]` | for a message type shared by many actors, its one argument |
/// | `#[handler(event)]` | for each published event of its argument's type, which is `Clone` |
/// | `#[handler(every = "1s")]` | again and again, from the start of an incarnation on |
/// | `#[handler(after = "5s")]` | once, that long after the start of an incarnation |
/// | `#[handler(start)]` | once per incarnation, before its first message |
/// | `#[handler(stop)]` | at its end, with `reason: ExitReason` or `&ExitReason` if it takes one |
/// | `#[handler(error)]` | on a failure, with `error: &ActorError`; it returns an `ErrorAction` |
/// | `#[handler(down)]` | when a monitored actor has ended, with `down: Down` |
/// | `#[handler(exit)]` | when a linked actor has failed, with `exit: Exit` |
///
/// Durations have one of the units `ns`, `us`, `ms`, `s`, `m`, `h`; `5s` means the same as `"5s"`.
///
/// # The method
///
/// It is a `fn` or an `async fn` with `&self` or `&mut self`, and not generic. A plain `fn` costs no future. Its
/// arguments are owned and `Send + 'static`, but for
///
/// * `ctx: &mut Context<Self>`, anywhere in the list, which is no part of the message;
/// * `reply: ReplyTo<R>`, and no return type: the answer is given later, or by somebody else;
/// * `impl Into<T>`, which travels as `T`.
///
/// What it returns is the answer; so is a `Result` of its own. An `ActorResult<T>` is answered as `T`, and its
/// `Err` is a failure of the actor.
///
/// Docs, `#[cfg]`, `#[allow]`, `#[deprecated]` and `#[must_use = "…"]` go along to what is generated.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// #[actor]
/// struct Door {
///     open: bool,
/// }
///
/// #[handlers]
/// impl Door {
///     #[handler]
///     async fn open(&mut self, who: impl Into<String>, ctx: &mut Context<Self>) -> ActorResult<bool> {
///         println!("{} opens {}", who.into(), ctx.pid());
///         Ok(std::mem::replace(&mut self.open, true))
///     }
///
///     #[handler(every = "10s")]
///     fn close(&mut self) {
///         self.open = false;
///     }
/// }
/// ```
#[proc_macro_attribute]
pub fn handler(_args: TokenStream, item: TokenStream) -> TokenStream {
    rooms::misplaced(
        "`#[handler]` only means something inside an impl block marked `#[handlers]`: put `#[handlers]` above the impl",
        item.into(),
    )
    .into()
}

/// Makes a struct a supervisor: its fields are its children, in the order in which they start.
///
/// The struct is left as it is, and is the typed handle of the running supervisor; the tree is added to its
/// docs. Fields marked [`macro@child`] are started; the others are arguments, in order, of the generated
/// function `spec`, which is as visible as the struct.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// # #[actor]
/// # struct Ledger;
/// # #[handlers]
/// # impl Ledger {}
/// # impl Ledger { async fn open(_: &str) -> std::io::Result<Self> { Ok(Self) } }
/// # #[actor]
/// # struct Teller(ActorRef<Ledger>);
/// # #[handlers]
/// # impl Teller {}
/// /// Everything the bank needs to be open.
/// #[supervisor(strategy = "rest_for_one", max_restarts = 3, within = "5s")]
/// pub struct Bank {
///     path: String,
///
///     #[child(start = Ledger::open(&path).await?, shutdown = "2s")]
///     ledger: ActorRef<Ledger>,
///
///     #[child(start = Teller(ledger), count = 4, restart = "transient")]
///     tellers: Pool<Teller>,
/// }
///
/// let spec = Bank::spec("ledger.db".to_owned());
/// # drop(spec);
/// ```
///
/// # Options
///
/// | option | meaning | without it |
/// | --- | --- | --- |
/// | `strategy = "…"` | which children start again with a failed one: `"one_for_one"` only it, `"one_for_all"` all, `"rest_for_one"` those below it too | `"one_for_one"` |
/// | `max_restarts = 3`, `within = "5s"` | more restarts than that, in that time, and the supervisor gives up | 3 in 5 s |
/// | `backoff(first = "100ms", max = "30s")` | the pause before a restart, doubled each time up to `max` | no pause |
/// | `backoff(…, jitter = 0.2)` | the share of the pause, from 0 to 1, by which it varies | `0.2` |
/// | `backoff(…, reset_after = "1m")` | after that long without a failure the pause is `first` again | `"1m"` |
/// | `auto_shutdown = "…"` | ends the supervisor with its children: `"never"`, `"any_significant"`, `"all_significant"` | `"never"` |
/// | `crate = some::path` | where `airssys_rt` is found | `::airssys_rt` |
#[proc_macro_attribute]
pub fn supervisor(args: TokenStream, item: TokenStream) -> TokenStream {
    rooms::supervisor(args.into(), item.into()).into()
}

/// Marks a field of a struct under [`macro@supervisor`] as a child, and says how it is started.
///
/// The field's type says what it is: `ActorRef<T>` one actor, `Pool<T>` several that share the work,
/// `Supervised<T>` a supervisor below this one, `Children<T, Arg>` actors that are started at run time.
///
/// # Options
///
/// | option | meaning | without it |
/// | --- | --- | --- |
/// | `start = expression` | makes a new one, for every incarnation | `Default`, or `T::spec()` of a supervisor |
/// | `restart = "…"` | `"permanent"`: always; `"transient"`: only after a failure; `"temporary"`: never | `"permanent"` |
/// | `shutdown = "5s"` | how long it may take to end; or `"kill"`: no time, `"wait"`: as long as it likes | `"5s"`; `"wait"` of a supervisor |
/// | `start_timeout = "10s"` | how long its start may take | no limit |
/// | `name = "…"` | the name under which it is registered | none |
/// | `count = 4` | how many there are, of a `Pool`: a number, or an expression | has to be there |
/// | `max = 10_000` | how many there can be at most, of `Children`: a number, or an expression | no limit |
/// | `significant` | its end counts for `auto_shutdown`, unless it is permanent | `false` |
///
/// `start` stands in an async context where `?` works on any error. It owns clones of the names it mentions: the
/// plain fields, and the children above it. For `Children` it is a closure of the argument,
/// `start = |id: u64| Session::new(id, ledger)`.
#[proc_macro_attribute]
pub fn child(_args: TokenStream, item: TokenStream) -> TokenStream {
    rooms::misplaced(
        "`#[child]` only means something on a field of a struct marked `#[supervisor]`: put `#[supervisor]` above the struct",
        item.into(),
    )
    .into()
}
