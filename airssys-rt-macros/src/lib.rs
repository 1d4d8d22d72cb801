//! The attribute macros of `airssys-rt`: parse → check → expand, each verb in its own room.
//!
//! `args` and `model` read an item and decide every generated name, `check` collects every mistake, `expand`
//! writes the code. The user's own item comes out in any case, so that one mistake is one message.
//!
//! Use them through `airssys_rt`, which re-exports them all.
#![deny(missing_docs)]

mod args;
mod check;
mod errors;
mod expand;
mod model;
mod rooms;
mod walk;

#[cfg(test)]
mod goldens;
#[cfg(test)]
mod spans;

use proc_macro::TokenStream;

/// Makes a struct or an enum an actor, and says how it is run.
///
/// The item is left as it is. What the actor handles is said by [`macro@handlers`] on an impl block.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// #[actor]
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
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), AskError> {
/// let counter = System::new("doc").spawn(Counter::default());
/// assert_eq!(counter.increment(7).await?, 7);
/// # Ok(()) }
/// ```
///
/// # Options
///
/// | option | type | meaning | default |
/// | --- | --- | --- | --- |
/// | `mailbox(capacity = …)` | a number from 1 to 4,294,967,294, or `"unbounded"` | how many messages can wait | `1024`, or what the system says |
/// | `mailbox(backpressure = …)` | `"block"`, `"drop"`, `"drop_oldest"` | when it is full: senders wait, the new message is refused, the oldest one is evicted | `"block"`, or what the system says |
/// | `inline = …` | `true`, `false` | whether an ask of a plain handler may run on the asker's turn; nobody can tell but by speed | `true` |
/// | `blocking` | a flag | the actor's code may block its thread: it runs on Tokio's blocking pool, a thread hop for each activation; never `inline` | not set |
/// | `crate = …` | a path | where `airssys_rt` is found, when it is renamed or passed on by another crate | `::airssys_rt` |
///
/// Bare words mean the same as strings (`backpressure = drop_oldest`), and underscores are fine in numbers.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// /// Bounded and blunt: who comes too late is told so.
/// #[actor(mailbox(capacity = 1, backpressure = "drop"))]
/// struct Desk;
///
/// /// Takes whatever comes, and keeps its askers' threads to themselves.
/// #[actor(mailbox(capacity = "unbounded"), inline = false)]
/// struct Archive;
///
/// /// Reads files, the blocking way.
/// #[actor(blocking)]
/// struct Files;
///
/// /// What `my_framework` passes on: `pub use airssys_rt as actors;`
/// #[actor(crate = my_framework::actors)]
/// struct Indirect;
///
/// # mod my_framework { pub use airssys_rt as actors; }
/// # #[handlers(crate = my_framework::actors)] impl Indirect {}
/// # #[handlers] impl Archive {}
/// # #[handlers] impl Files { #[handler] fn size(&mut self, path: String) -> u64 { std::fs::metadata(path).map_or(0, |file| file.len()) } }
/// #[handlers]
/// impl Desk {
///     #[handler]
///     fn hand_in(&mut self, form: u32) {
///         println!("form {form}");
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let system = System::new("doc");
/// let desk = system.spawn(Desk);
/// assert!(desk.hand_in(1).try_tell().is_ok());
/// assert!(matches!(desk.hand_in(2).try_tell(), Err(TrySendError::Full(_))));
/// # assert_eq!(system.spawn(Files).size("/nowhere".to_owned()).await, Ok(0));
/// # }
/// ```
///
/// # Blocking
///
/// A handler that blocks its thread stops whatever else that thread has to do. With `blocking`, all of the actor's code,
/// from the start expression to the destructor, runs where that harms nobody: sleeping, blocking files and sockets, long
/// computations and blocking asks are then allowed. `ActorConfig::blocking` has what it costs, and what else there is.
///
/// # Errors
///
/// An actor owns its state, so it has no lifetime parameters. Everything else about the item is free. A mistake is reported
/// where it stands, with what to write instead.
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
///   name, arguments and docs. It returns a `Request`: `.await` it for the answer, or `.tell()` it. Where the actor is used in
///   another module, this trait has to be imported, too.
///
/// An actor has one such block. Its other methods, in this block or another, are ordinary ones.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// #[actor]
/// #[derive(Default)]
/// struct Cache<K, V> {
///     entries: Vec<(K, V)>,
/// }
///
/// #[handlers]
/// impl<K, V> Cache<K, V>
/// where
///     K: PartialEq + Send + 'static,
///     V: Clone + Send + 'static,
/// {
///     /// Puts `value` under `key`.
///     #[handler]
///     pub fn put(&mut self, key: K, value: V) {
///         self.entries.retain(|(other, _)| *other != key);
///         self.entries.push((key, value));
///     }
///
///     /// The value under `key`.
///     #[handler]
///     pub fn get(&mut self, key: K) -> Option<V> {
///         self.find(&key).cloned()
///     }
///
///     fn find(&self, key: &K) -> Option<&V> {
///         self.entries.iter().find(|(other, _)| other == key).map(|(_, value)| value)
///     }
/// }
///
/// /// Works with any address of the messages: a reference, a pool, a mock.
/// async fn double(cache: &impl CacheApi<&'static str, u32>, key: &'static str) -> Result<(), AskError> {
///     if let Some(value) = cache.get(key).await? {
///         cache.put(key, value * 2).await?;
///     }
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), AskError> {
/// let cache = System::new("doc").spawn(Cache::default());
/// cache.put("answer", 21).await?;
/// double(&cache, "answer").await?;
/// assert_eq!(cache.get("answer").await?, Some(42));
/// # Ok(()) }
/// ```
///
/// # Options
///
/// | option | type | meaning | default |
/// | --- | --- | --- | --- |
/// | `message(name = "…")` | a type's name | the name of the enum | `CacheMessage` for `Cache` |
/// | `message(derive(…))` | derives, separated by commas | what the enum derives | nothing |
/// | `protocols(…)` | traits, separated by commas | the [`macro@protocol`]s that its handlers make up | none |
/// | `vis = "…"` | a visibility; `""` is private | who sees the enum and the trait | as the most visible handler |
/// | `crate = …` | a path | where `airssys_rt` is found | `::airssys_rt` |
///
/// ```
/// use airssys_rt::prelude::*;
///
/// #[actor]
/// #[derive(Default)]
/// struct Counter(i64);
///
/// /// What code that only counts asks for.
/// #[protocol]
/// pub trait Adder {
///     fn add(&self, by: i64) -> i64;
/// }
///
/// #[handlers(
///     message(name = "CounterCommand", derive(Debug, Clone, PartialEq)),
///     protocols(Adder),
///     vis = "pub(crate)",
///     crate = airssys_rt
/// )]
/// impl Counter {
///     #[handler]
///     pub fn add(&mut self, by: i64) -> i64 {
///         self.0 += by;
///         self.0
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let counter = System::new("doc").spawn(Counter::default());
/// assert_eq!(counter.add(7).into_message(), CounterCommand::Add { by: 7 });
/// let adder: AdderRef = counter.recipient();
/// assert_eq!(adder.add(7).await, Ok(7));
/// # }
/// ```
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
/// | attribute | the method is called | its arguments | what it returns |
/// | --- | --- | --- | --- |
/// | `#[handler]` | for its own variant of the actor's message | those of the message | the answer |
/// | `#[handler(message)]` | for a message type shared by many actors | one, of that type | the answer |
/// | `#[handler(event)]` | for each published event of a type that is `Clone` | one, of that type | nothing, or `ActorResult<()>` |
/// | `#[handler(every = "1s")]` | again and again, from the start of an incarnation on | none | nothing, or `ActorResult<()>` |
/// | `#[handler(after = "5s")]` | once, that long after the start of an incarnation | none | nothing, or `ActorResult<()>` |
/// | `#[handler(start)]` | once per incarnation, before its first message | none | nothing, or `ActorResult<()>` |
/// | `#[handler(stop)]` | at the orderly end of an incarnation, and after an error; not after a panic or a kill | none, or the `ExitReason` | nothing, or `ActorResult<()>` |
/// | `#[handler(error)]` | on a failure | `error: &ActorError` | an `ErrorAction` |
/// | `#[handler(down)]` | when a monitored actor has ended for good | `down: Down` | nothing, or `ActorResult<()>` |
/// | `#[handler(exit)]` | when a linked actor has failed (without it, this one ends, too), or has ended for good | `exit: Exit` | nothing, or `ActorResult<()>` |
///
/// Each of them may have `ctx: &mut Context<Self>` besides. A handler has one of these words, or none.
///
/// Durations have one of the units `ns`, `us`, `ms`, `s`, `m`, `h`; `5s` means the same as `"5s"`.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// #[derive(Clone, Debug)]
/// struct Tick;
///
/// #[derive(Clone)]
/// struct Holiday;
///
/// #[actor]
/// #[derive(Default)]
/// struct Clock {
///     log: Vec<String>,
/// }
///
/// #[handlers]
/// impl Clock {
///     #[handler]
///     fn log(&self) -> Vec<String> {
///         self.log.clone()
///     }
///
///     #[handler]
///     fn watch(&mut self, other: ActorRef<Clock>, link: bool, ctx: &mut Context<Self>) {
///         if link {
///             ctx.link(&other);
///         } else {
///             ctx.monitor(&other);
///         }
///     }
///
///     #[handler]
///     fn wind_too_far(&mut self) -> ActorResult<()> {
///         Err(ActorError::msg("the spring is broken"))
///     }
///
///     #[handler(message)]
///     fn tick(&mut self, _tick: Tick) {
///         self.log.push("tick".into());
///     }
///
///     #[handler(event)]
///     fn holiday(&mut self, _holiday: Holiday) {
///         self.log.push("holiday".into());
///     }
///
///     #[handler(every = "1h")]
///     fn strike(&mut self) {
///         self.log.push("strike".into());
///     }
///
///     #[handler(after = "90m")]
///     async fn chime(&mut self) {
///         self.log.push("chime".into());
///     }
///
///     #[handler(start)]
///     fn start(&mut self, ctx: &mut Context<Self>) {
///         self.log.push(format!("start {}", ctx.incarnation()));
///     }
///
///     #[handler(stop)]
///     fn stop(&mut self, reason: ExitReason) {
///         println!("stops: {reason}");
///     }
///
///     #[handler(error)]
///     fn failed(&mut self, error: &ActorError) -> ErrorAction {
///         self.log.push(error.to_string());
///         ErrorAction::Resume
///     }
///
///     #[handler(down)]
///     fn gone(&mut self, down: Down) {
///         self.log.push(format!("gone: {}", down.reason));
///     }
///
///     #[handler(exit)]
///     fn partner_failed(&mut self, exit: Exit) {
///         self.log.push(format!("partner: {}", exit.reason));
///     }
/// }
///
/// #[tokio::main(flavor = "current_thread", start_paused = true)] // so that hours pass at once
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let system = System::new("tower");
///     let clock = system.start(Clock::default()).await?;
///     clock.tell(Tick).await?;
///     system.events().publish(Holiday);
///     assert!(clock.wind_too_far().await.is_err());
///     assert_eq!(clock.log().await?, ["start 1", "tick", "holiday", "the spring is broken"]);
///
///     let (one, other) = (system.spawn(Clock::default()), system.spawn(Clock::default()));
///     clock.watch(one.clone(), false).await?;
///     clock.watch(other.clone(), true).await?;
///     one.stop().await?;
///     other.kill().await?;
///     assert_eq!(clock.log().await?[4..], ["gone: shutdown", "partner: killed"]);
///
///     tokio::time::sleep(Duration::from_secs(2 * 3_600 + 60)).await;
///     assert_eq!(clock.log().await?[6..], ["strike", "chime", "strike"]);
///     Ok(())
/// }
/// ```
///
/// # The method
///
/// It is a `fn` or an `async fn` with `&self` or `&mut self`, and not generic. A plain `fn` costs no future; an `async fn`
/// with `&self` needs a state that is `Sync`. Its arguments are owned and `Send + 'static`, but for
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
/// #[derive(Default)]
/// struct Door {
///     open: bool,
///     waiting: Vec<ReplyTo<bool>>,
/// }
///
/// #[handlers]
/// impl Door {
///     /// Opens the door, and says whether it was open.
///     #[handler]
///     async fn open(&mut self, who: impl Into<String>, ctx: &mut Context<Self>) -> ActorResult<bool> {
///         println!("{} opens {}", who.into(), ctx.pid());
///         for reply in self.waiting.drain(..) {
///             reply.send(true);
///         }
///         Ok(std::mem::replace(&mut self.open, true))
///     }
///
///     /// Answers when the door is opened.
///     #[handler]
///     fn wait(&mut self, reply: ReplyTo<bool>) {
///         self.waiting.push(reply);
///     }
///
///     /// An error of its own is an answer: the actor goes on.
///     #[handler]
///     fn lock(&mut self) -> Result<(), &'static str> {
///         if self.open { Err("the door is open") } else { Ok(()) }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let door = System::new("doc").spawn(Door::default());
/// let waits = tokio::spawn(door.wait().owned().ask());
/// # tokio::task::yield_now().await;
/// assert!(!door.open("Ada").await?);
/// assert!(waits.await??);
/// assert_eq!(door.lock().await?, Err("the door is open"));
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// A handler may not take a name that every address has (`tell`, `try_tell`, `ask`, `pid`, `process`, `stop`, `drain`, `kill`,
/// `monitor`, `downgrade`, `upgrade`, `recipient`, `detach`, `all`, and those of `Clone`, `Into`, `Borrow` and `Any`), but for
/// those that are no requests: a `#[handler(stop)]` may well be called `stop`. A mistake is reported where it stands, with
/// what to write instead.
#[proc_macro_attribute]
pub fn handler(_args: TokenStream, item: TokenStream) -> TokenStream {
    rooms::misplaced(
        "`#[handler]` only means something inside an impl block marked `#[handlers]`: put `#[handlers]` above the impl",
        item.into(),
    )
    .into()
}

/// Makes a trait a protocol: what an actor does, whichever actor it is.
///
/// An actor says by `#[handlers(protocols(Ledger))]` that its handlers of the same names make up the protocol. The
/// compiler checks that they are there, and take and answer what the trait says.
///
/// ```
/// use airssys_rt::prelude::*;
/// use airssys_rt::testing::Probe;
///
/// #[protocol]
/// pub trait Ledger {
///     /// Adds `amount` and answers the balance.
///     fn deposit(&self, amount: u64) -> u64;
/// }
///
/// #[actor]
/// struct Account {
///     balance: u64,
/// }
///
/// #[handlers(protocols(Ledger))]
/// impl Account {
///     #[handler]
///     fn deposit(&mut self, amount: u64) -> u64 {
///         self.balance += amount;
///         self.balance
///     }
/// }
///
/// /// Knows no actor.
/// async fn pay_in(ledger: &impl Ledger) -> Result<u64, AskError> {
///     ledger.deposit(7).await
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("bank");
/// let ledger: LedgerRef = system.spawn(Account { balance: 0 }).recipient();
/// assert_eq!(pay_in(&ledger).await?, 7);
///
/// let mock = Probe::<LedgerMessage>::new();
/// mock.answer_with(|_| Box::new(42_u64));
/// assert_eq!(pay_in(&mock).await?, 42);
/// # Ok(()) }
/// ```
///
/// # What it generates
///
/// | for `trait Ledger` | what it is |
/// | --- | --- |
/// | `enum LedgerMessage` | a variant for each method, plain data, as [`macro@handlers`] makes it for an actor |
/// | `trait Ledger` | the methods as requests, on every address that knows the protocol: `LedgerRef`, `Probe<LedgerMessage>`. It takes the place of the trait that was written, docs and attributes included |
/// | `type LedgerRef` | `Recipient<LedgerMessage>`: a reference to any actor that takes part, and keeps it alive. `account.recipient()` and `.into()` make one of an `ActorRef` or a `Pool`; of a `WeakRef`, `.recipient()` makes one that keeps nobody alive |
///
/// A message of the protocol is sent as the actor's own message of the same name. So it costs what that costs, keeps its
/// place among the others, and the handler is an ordinary one: plain or async, `&self` or `&mut self`, with a context, a
/// `ReplyTo`, or an `ActorResult` of what the protocol answers. An `ActorRef<Account>` has the methods of `AccountApi` and not those of
/// `Ledger`, so that `account.deposit(7)` means one thing where both are in scope.
///
/// The actor names the protocol by a path, `protocols(bank::Ledger, Store<K, V>)`. Its message is looked for beside it: an
/// actor that imports `Ledger` alone imports `LedgerMessage`, too.
///
/// # Options
///
/// | option | type | meaning | default |
/// | --- | --- | --- | --- |
/// | `message(name = "…")` | a type's name | the name of the enum | `LedgerMessage` for `Ledger` |
/// | `message(derive(…))` | derives, separated by commas | what the enum derives | nothing |
/// | `crate = …` | a path | where `airssys_rt` is found | `::airssys_rt` |
///
/// ```
/// use airssys_rt::prelude::*;
///
/// #[protocol(message(name = "StoreCommand", derive(Debug, Clone, PartialEq)), crate = airssys_rt)]
/// pub trait Store<K, V = String>
/// where
///     K: PartialEq,
/// {
///     fn put(&self, key: K, value: impl Into<V>);
///     fn get(&self, key: K) -> Option<V>;
/// }
///
/// #[actor]
/// struct Shelf<K, V>(Vec<(K, V)>);
///
/// #[handlers(protocols(Store<K, V>))]
/// impl<K: PartialEq + Send + 'static, V: Clone + Send + 'static> Shelf<K, V> {
///     #[handler]
///     fn put(&mut self, key: K, value: V) {
///         self.0.push((key, value));
///     }
///
///     #[handler]
///     async fn get(&mut self, key: K) -> ActorResult<Option<V>> {
///         Ok(self.0.iter().find(|entry| entry.0 == key).map(|entry| entry.1.clone()))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store: StoreRef<u8> = System::new("doc").spawn(Shelf(Vec::new())).recipient();
/// assert_eq!(store.get(7).into_message(), StoreCommand::Get { key: 7 });
/// store.put(7, "seven").await?;
/// assert_eq!(store.get(7).await?.as_deref(), Some("seven"));
/// # Ok(()) }
/// ```
///
/// # The trait
///
/// Its methods take `&self`, the reference, and owned arguments or `impl Into<T>`; they have no body and are not generic.
/// The trait may be, with bounds, defaults and `where`. Docs, `#[cfg]`, `#[deprecated]` and `#[must_use = "…"]` on a method go along
/// to what is generated.
#[proc_macro_attribute]
pub fn protocol(args: TokenStream, item: TokenStream) -> TokenStream {
    rooms::protocol(args.into(), item.into()).into()
}

/// Makes a struct a supervisor: its fields are its children, in the order in which they start.
///
/// The struct is left as it is, and is the typed handle of the running supervisor; the tree is added to its
/// docs. Fields marked [`macro@child`] are started; the others are arguments, in order, of the generated
/// function `spec`, which is as visible as the struct. What it returns is for `System::start`, or for the `start` of a child of
/// another supervisor.
///
/// The last started child ends first. A child's crash is answered by the `strategy`; a reference to a child outlives it.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// # #[actor]
/// # struct Ledger(u64);
/// # #[handlers]
/// # impl Ledger { #[handler] fn deposit(&mut self, amount: u64) -> u64 { self.0 += amount; self.0 } }
/// # impl Ledger { async fn open(_: &str) -> std::io::Result<Self> { Ok(Self(100)) } }
/// # #[actor]
/// # struct Teller(ActorRef<Ledger>);
/// # #[handlers]
/// # impl Teller { #[handler] async fn pay_in(&mut self, amount: u64) -> ActorResult<u64> { Ok(self.0.deposit(amount).await?) } }
/// /// Everything the bank needs to be open.
/// #[supervisor(strategy = "rest_for_one")]
/// pub struct Bank {
///     path: String,
///
///     #[child(start = Ledger::open(&path).await?)]
///     ledger: ActorRef<Ledger>,
///
///     #[child(start = Teller(ledger), count = 4)]
///     tellers: Pool<Teller>,
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("doc");
/// let bank: Supervised<Bank> = system.start(Bank::spec("ledger.db".to_owned())).await?;
/// assert_eq!(bank.tellers.pay_in(7).await?, 107);
/// assert_eq!(bank.ledger.deposit(1).await?, 108);
/// # Ok(()) }
/// ```
///
/// # Options
///
/// | option | type | meaning | default |
/// | --- | --- | --- | --- |
/// | `strategy = …` | `"one_for_one"`, `"one_for_all"`, `"rest_for_one"` | which children start again with a failed one: only it, all, it and those below it | `"one_for_one"` |
/// | `max_restarts = …` | a number | with one more restart than that, in the time of `within`, the supervisor gives up: its children end, and it with `Shutdown` | `3` |
/// | `within = …` | a duration | the time in which restarts are counted, a sliding window | `"5s"` |
/// | `backoff(first = …, max = …)` | durations | the pause before a restart, doubled each time up to `max` | no pause |
/// | `backoff(…, jitter = …)` | a number from 0 to 1 | the share of the pause by which it varies | `0.2` |
/// | `backoff(…, reset_after = …)` | a duration | after that long without a failure the pause is `first` again | `"1m"` |
/// | `auto_shutdown = …` | `"never"`, `"any_significant"`, `"all_significant"` | ends the supervisor when significant children have ended | `"never"` |
/// | `crate = …` | a path | where `airssys_rt` is found | `::airssys_rt` |
///
/// ```
/// use airssys_rt::prelude::*;
///
/// # #[actor] #[derive(Default)] struct Job;
/// # #[handlers] impl Job { #[handler] fn finish(&mut self, ctx: &mut Context<Self>) { ctx.stop() } }
/// #[supervisor(
///     strategy = "one_for_all",
///     max_restarts = 10,
///     within = "1m",
///     backoff(first = "100ms", max = "30s", jitter = 0.1, reset_after = "5m"),
///     auto_shutdown = "any_significant",
///     crate = airssys_rt
/// )]
/// struct Batch {
///     #[child(restart = "transient", significant)]
///     job: ActorRef<Job>,
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let batch = System::new("doc").start(Batch::spec()).await?;
/// assert_eq!(batch.health().await?.max_restarts, 10);
/// batch.job.finish().await?;
/// assert_eq!(batch.process().wait().await, ExitReason::Shutdown); // with its significant child
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// A child that names a later one, a child of a type that is none of the four, a struct without children: each is reported
/// where it stands. A program that is built with `panic = "abort"` cannot start a supervisor, and is told so.
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
/// | option | type | meaning | default |
/// | --- | --- | --- | --- |
/// | `start = …` | an expression | makes a new state, for every incarnation | `Default`, or `T::spec()` of a supervisor |
/// | `restart = …` | `"permanent"`, `"transient"`, `"temporary"` | when it is started again: always, after a failure, never | `"permanent"` |
/// | `shutdown = …` | a duration, `"kill"`, `"wait"` | how long it may take to end: that long, no time at all, as long as it likes | `"5s"`; `"wait"` of a supervisor |
/// | `start_timeout = …` | a duration | how long its start may take | no limit |
/// | `name = "…"` | a text | the name under which it is registered | none |
/// | `count = …` | a number, or an expression | how many there are, of a `Pool` | has to be there |
/// | `max = …` | a number, or an expression | how many there can be at one time, of `Children` | no limit |
/// | `significant` | a flag | its end counts for `auto_shutdown`; not of a permanent one | not set |
///
/// `start` stands in an async context where `?` works on any error. It owns clones of the names it mentions: the
/// plain fields, and the children above it. For `Children` it is a closure of the argument,
/// `start = |id: u64| Session::new(id, ledger)`.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// # #[actor] #[derive(Default)] struct Ledger(u64);
/// # #[handlers] impl Ledger { #[handler] fn deposit(&mut self, amount: u64) -> u64 { self.0 += amount; self.0 } }
/// # #[actor] struct Teller(ActorRef<Ledger>);
/// # #[handlers] impl Teller { #[handler] async fn pay_in(&mut self, amount: u64) -> ActorResult<u64> { Ok(self.0.deposit(amount).await?) } }
/// #[supervisor]
/// struct Audit {
///     ledger: ActorRef<Ledger>,
///
///     #[child(start = Teller(ledger))]
///     inspector: ActorRef<Teller>,
/// }
///
/// #[supervisor(auto_shutdown = "any_significant")]
/// struct Bank {
///     opening: u64,
///     desks: usize,
///
///     /// One actor, which others find by its name, with a limit for its start and its end.
///     #[child(start = Ledger(opening), name = "ledger", start_timeout = "10s", shutdown = "2s")]
///     ledger: ActorRef<Ledger>,
///
///     /// Several, of a number that is known at run time.
///     #[child(start = Teller(ledger), count = desks, shutdown = "kill")]
///     tellers: Pool<Teller>,
///
///     /// A supervisor below this one; when it is done, so is the bank.
///     #[child(start = Audit::spec(ledger), restart = "transient", significant, shutdown = "wait")]
///     audit: Supervised<Audit>,
///
///     /// As many as come, up to a limit.
///     #[child(start = |name: String| { println!("{name} comes in"); Teller(ledger) }, restart = "temporary", max = 1_000)]
///     sessions: Children<Teller, String>,
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("doc");
/// let bank = system.start(Bank::spec(100, 4)).await?;
/// assert_eq!(bank.tellers.pay_in(7).await?, 107);
/// assert_eq!(bank.sessions.start("Ada".to_owned()).await?.pay_in(3).await?, 110);
/// assert_eq!(bank.audit.inspector.pay_in(0).await?, 110);
/// assert_eq!(system.lookup::<Ledger>("ledger"), Some(bank.ledger.clone()));
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// Of a child, `start` may return [`Err`]: at the start of the supervisor that is its `StartError`, later a failed restart, which
/// is tried again and counts as another. Mistakes in the options are reported where they stand.
#[proc_macro_attribute]
pub fn child(_args: TokenStream, item: TokenStream) -> TokenStream {
    rooms::misplaced(
        "`#[child]` only means something on a field of a struct marked `#[supervisor]`: put `#[supervisor]` above the struct",
        item.into(),
    )
    .into()
}
