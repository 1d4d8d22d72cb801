//! A bank under a storm: a thousand crashes while eight customers pay each other, and not a cent is lost.
//!
//! ```text
//! Bank                        rest_for_one: whoever stands below a crashed child starts again with it
//! ├─ ledger                   the only one who knows the balances; writes before it answers
//! ├─ tellers[0..4]            a pool; each takes one payment at a time
//! ├─ audit                    a supervisor of its own, with its own budget
//! │  ├─ inspector             asks the ledger for its total, again and again
//! │  └─ clerk                 counts what the ledger publishes
//! └─ sessions                 one for each customer at the door, started at run time, never restarted
//! ```
//!
//! A supervisor gives a crashed actor a fresh state; it does not remember anything for it. That the money
//! stays is the bank's own doing, by three rules:
//!
//! 1. The ledger writes a payment to its journal, in one line, before it touches a balance or answers.
//! 2. It reads the journal back at each start, and cuts off a last line that was not finished.
//! 3. Every payment has a number. Whoever got an error sends the same payment again, and the ledger carries
//!    out no number twice. An error means "perhaps": the crash may have come after the writing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use airssys_rt::prelude::*;

const CUSTOMERS: u32 = 8;
const INITIAL: u64 = 1_000;
const TOTAL: u64 = INITIAL * CUSTOMERS as u64;
const CRASHES: u64 = 1_000;

type CustomerId = u32;

/// One payment. The number makes it safe to send twice.
#[derive(Clone, Copy, Debug)]
pub struct Payment {
    number: u64,
    from: CustomerId,
    to: CustomerId,
    amount: u64,
}

/// Why a payment was not made. An answer like any other: it crashes nobody, and is not sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the account has less than that")]
    Overdrawn,
    #[error("there is no such account")]
    NoAccount,
}

/// Where the ledger dies, when the storm wants it to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum At {
    /// Nothing has happened yet.
    BeforeWriting,
    /// Half of the line is in the journal. The payment was not made.
    HalfWritten,
    /// The line is in the journal, the balances are the old ones. The payment was made.
    Written,
    /// The money has left one account and not arrived at the other: the worst state to restart into.
    BetweenTheAccounts,
}

/// Published for each payment.
#[derive(Clone, Debug)]
pub struct Paid;

/// The balances, and the journal that they come from.
#[actor(mailbox(capacity = 64))]
pub struct Ledger {
    journal: File,
    balances: BTreeMap<CustomerId, u64>,
    done: BTreeSet<u64>,
}

impl Ledger {
    /// Rule 2: reads the journal back. Called for every incarnation, so there is one way to start, not a first
    /// one and another for after a crash.
    async fn open(path: &Path) -> io::Result<Self> {
        let mut journal = OpenOptions::new().create(true).append(true).read(true).open(path)?;
        let mut text = String::new();
        journal.read_to_string(&mut text)?;
        let finished = text.rfind('\n').map_or(0, |last| last + 1);
        journal.set_len(finished as u64)?;
        journal.seek(SeekFrom::End(0))?;
        let mut ledger = Self { journal, balances: BTreeMap::new(), done: BTreeSet::new() };
        for line in text[..finished].lines() {
            let words: Vec<u64> = line.split(' ').skip(1).map_while(|word| word.parse().ok()).collect();
            match (line.split(' ').next(), &words[..]) {
                (Some("open"), &[customer, amount]) => {
                    ledger.balances.insert(customer as CustomerId, amount);
                }
                (Some("pay"), &[number, from, to, amount]) => {
                    let payment = Payment { number, from: from as _, to: to as _, amount };
                    ledger.apply(payment, None);
                }
                _ => {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        format!("in the journal: {line}"),
                    ));
                }
            }
        }
        Ok(ledger)
    }

    fn pay(&mut self, payment: Payment, crash: Option<At>) -> ActorResult<Result<(), Refused>> {
        let crash_at = |place| assert!(crash != Some(place), "the storm: {place:?}");
        // Rule 3. The answer is that of the first time.
        if self.done.contains(&payment.number) {
            return Ok(Ok(()));
        }
        let Some(&balance) = self.balances.get(&payment.from) else { return Ok(Err(Refused::NoAccount)) };
        if !self.balances.contains_key(&payment.to) {
            return Ok(Err(Refused::NoAccount));
        }
        if balance < payment.amount {
            return Ok(Err(Refused::Overdrawn));
        }

        // Rule 1. A write reaches the operating system, so it survives the process. A bank that is to
        // survive a power cut would also call `sync_data`.
        let Payment { number, from, to, amount } = payment;
        let line = format!("pay {number} {from} {to} {amount}\n");
        crash_at(At::BeforeWriting);
        if crash == Some(At::HalfWritten) {
            self.journal.write_all(&line.as_bytes()[..line.len() / 2])?;
        }
        crash_at(At::HalfWritten);
        // A disk that is full is a failure of the ledger, not an answer: `?` hands it to the supervisor.
        self.journal.write_all(line.as_bytes())?;
        crash_at(At::Written);
        self.apply(payment, crash);
        Ok(Ok(()))
    }

    fn apply(&mut self, payment: Payment, crash: Option<At>) {
        *self.balances.entry(payment.from).or_default() -= payment.amount;
        assert!(crash != Some(At::BetweenTheAccounts), "the storm: between the accounts");
        *self.balances.entry(payment.to).or_default() += payment.amount;
        self.done.insert(payment.number);
    }
}

#[handlers]
impl Ledger {
    #[handler]
    pub fn open_account(&mut self, customer: CustomerId, amount: u64) -> ActorResult<()> {
        if !self.balances.contains_key(&customer) {
            self.journal.write_all(format!("open {customer} {amount}\n").as_bytes())?;
            self.balances.insert(customer, amount);
        }
        Ok(())
    }

    #[handler]
    pub fn make(&mut self, payment: Payment, ctx: &mut Context<Self>) -> ActorResult<Result<(), Refused>> {
        let outcome = self.pay(payment, None)?;
        if outcome.is_ok() {
            ctx.publish(Paid);
        }
        Ok(outcome)
    }

    /// The same, with a crash on the way.
    #[handler]
    pub fn make_and_crash(&mut self, payment: Payment, at: At) -> ActorResult<Result<(), Refused>> {
        self.pay(payment, Some(at))
    }

    #[handler]
    pub fn total(&self) -> u64 {
        self.balances.values().sum()
    }

    #[handler]
    pub fn balances(&self) -> BTreeMap<CustomerId, u64> {
        self.balances.clone()
    }
}

/// Why a customer does not know whether a payment was made.
#[derive(Clone, Debug, thiserror::Error)]
#[error("ask again with the same number: {0}")]
pub struct Unknown(#[from] AskError);

/// Takes payments at the counter.
#[actor]
pub struct Teller {
    ledger: ActorRef<Ledger>,
}

#[handlers]
impl Teller {
    /// Answers an error as a value: a ledger that crashes is no reason for a teller to crash, too.
    #[handler]
    pub async fn pay(&mut self, payment: Payment) -> Result<Result<(), Refused>, Unknown> {
        Ok(self.ledger.make(payment).await?)
    }

    #[handler]
    pub fn faint(&mut self) {
        panic!("the storm: a teller");
    }
}

/// One customer at the door. It is temporary: when it ends, the customer starts another.
#[actor]
pub struct Session {
    customer: CustomerId,
    ledger: ActorRef<Ledger>,
}

#[handlers]
impl Session {
    #[handler]
    pub async fn pay(
        &mut self,
        number: u64,
        to: CustomerId,
        amount: u64,
    ) -> Result<Result<(), Refused>, Unknown> {
        Ok(self.ledger.make(Payment { number, from: self.customer, to, amount }).await?)
    }

    #[handler]
    pub fn faint(&mut self) {
        panic!("the storm: a session");
    }
}

/// Looks at the total, again and again.
#[actor]
pub struct Inspector {
    ledger: ActorRef<Ledger>,
    checks: Arc<AtomicU64>,
}

#[handlers]
impl Inspector {
    #[handler(every = "2ms")]
    async fn check(&mut self) {
        // While the ledger restarts, the question waits in its mailbox; if it crashes, the next tick asks again.
        if let Ok(total) = self.ledger.total().await {
            assert_eq!(total, TOTAL, "money was made or lost");
            self.checks.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[handler]
    pub fn faint(&mut self) {
        panic!("the storm: an inspector");
    }
}

/// Counts payments. Its count begins anew with each incarnation: what has to last belongs into a journal.
#[actor]
#[derive(Default)]
pub struct Clerk {
    heard: u64,
}

#[handlers]
impl Clerk {
    #[handler(event)]
    fn paid(&mut self, _: Paid) {
        self.heard += 1;
    }

    #[handler]
    pub fn heard(&self) -> u64 {
        self.heard
    }
}

/// Those who look, and must not stand in the way of those who work: their crashes count here, not in the bank.
#[supervisor(max_restarts = 2_000, within = "1m")]
pub struct Audit {
    ledger: ActorRef<Ledger>,
    checks: Arc<AtomicU64>,

    #[child(start = Inspector { ledger: ledger.clone(), checks: checks.clone() })]
    pub inspector: ActorRef<Inspector>,

    #[child]
    pub clerk: ActorRef<Clerk>,
}

/// Everything the bank needs to be open.
///
/// The default budget, three restarts in five seconds, would close the bank early in the storm, and rightly: who
/// crashes that often is broken, not unlucky. Here the crashes are the weather.
#[supervisor(strategy = "rest_for_one", max_restarts = 2_000, within = "1m")]
pub struct Bank {
    path: PathBuf,
    checks: Arc<AtomicU64>,

    #[child(start = Ledger::open(&path).await?, shutdown = "2s")]
    pub ledger: ActorRef<Ledger>,

    // Those who wait for the ledger's answer are in the middle of a message when the ledger crashes, and the
    // ledger starts again only when they have ended. They have nothing to tidy up, so they need no time for it.
    #[child(start = Teller { ledger }, count = 4, restart = "transient")]
    pub tellers: Pool<Teller>,

    #[child(start = Audit::spec(ledger, checks))]
    pub audit: Supervised<Audit>,

    #[child(
        start = |customer: CustomerId| Session { customer, ledger },
        restart = "temporary",
        max = 10_000
    )]
    pub sessions: Children<Session, CustomerId>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    examples::expect_panics("the storm");
    let path = std::env::temp_dir().join(format!("airssys-bank-{}.journal", std::process::id()));
    let checks = Arc::new(AtomicU64::new(0));
    let system = System::new("bank");
    let bank: Supervised<Bank> = system.start(Bank::spec(path.clone(), checks.clone())).await?;
    for customer in 0..CUSTOMERS {
        bank.ledger.open_account(customer, INITIAL).await?;
    }
    println!("{}", system.tree());

    let over = Arc::new(AtomicBool::new(false));
    let made = Arc::new(AtomicU64::new(0));
    let customers: Vec<_> = (0..CUSTOMERS)
        .map(|me| tokio::spawn(customer(bank.clone(), me, over.clone(), made.clone())))
        .collect();
    let mut storm = Storm { bank: bank.clone(), crashes: [0; 4], random: 0x5EED, number: 0 };
    while storm.total() < CRASHES {
        // At least one payment between two crashes: else the storm would meet nobody at work.
        let before = made.load(Ordering::Relaxed);
        while made.load(Ordering::Relaxed) == before {
            tokio::time::sleep(Duration::from_micros(50)).await;
        }
        storm.strike().await;
    }
    over.store(true, Ordering::Relaxed);

    let mut acknowledged = BTreeSet::new();
    let mut repeats = 0;
    for customer in customers {
        let (numbers, again) = customer.await?;
        acknowledged.extend(numbers);
        repeats += again;
    }

    println!("{}", system.tree());
    let total = bank.ledger.total().await?;
    let balances = bank.ledger.balances().await?;
    let [ledger, teller, inspector, session] = storm.crashes;
    println!(
        "{CRASHES} crashes: {ledger} of the ledger, {teller} of tellers, {inspector} of the inspector, {session} of sessions"
    );
    println!("{} payments acknowledged, {repeats} of them asked for again", acknowledged.len());
    println!(
        "{} times the inspector found the total right; at the end it is {total}",
        checks.load(Ordering::Relaxed)
    );
    assert_eq!(total, TOTAL);
    assert!(system.counters().failures >= CRASHES);
    assert!(checks.load(Ordering::Relaxed) > 0, "somebody looked while it stormed");
    assert!(bank.health().await?.is_healthy());

    // Ends the sessions, the audit, the tellers and the ledger, in this order.
    assert!(system.shutdown().await.is_clean());

    // Every message that was taken was handled, became a dead letter, or was in hand at a crash.
    let counters = system.counters();
    assert_eq!(counters.accepted, counters.handled + counters.dead_lettered + counters.lost_in_hand);

    // The journal alone tells the same story: each acknowledged payment is in it, and none is in it twice.
    let text = std::fs::read_to_string(&path)?;
    let written: Vec<u64> =
        text.lines().filter_map(|line| line.strip_prefix("pay ")?.split(' ').next()?.parse().ok()).collect();
    let once: BTreeSet<u64> = written.iter().copied().collect();
    assert_eq!(once.len(), written.len(), "no payment was made twice");
    assert!(acknowledged.is_subset(&once), "no acknowledged payment is missing");
    assert_eq!(Ledger::open(&path).await?.balances, balances);
    std::fs::remove_file(&path)?;
    Ok(())
}

/// Pays until the storm is over: at the counter or through a session of its own, the same payment again and
/// again until somebody says what became of it. Returns what was acknowledged, and how often it had to repeat.
async fn customer(
    bank: Supervised<Bank>,
    me: CustomerId,
    over: Arc<AtomicBool>,
    made: Arc<AtomicU64>,
) -> (Vec<u64>, u64) {
    let mut acknowledged = Vec::new();
    let mut repeats = 0;
    let mut session: Option<ActorRef<Session>> = None;
    let mut count = 0;
    while !over.load(Ordering::Relaxed) {
        count += 1;
        let number = u64::from(me) << 32 | count;
        let to = (me + 1 + (count % u64::from(CUSTOMERS - 1)) as u32) % CUSTOMERS;
        let amount = 1 + count % 50;
        loop {
            let answer = if count % 2 == 0 {
                bank.tellers.pay(Payment { number, from: me, to, amount }).await
            } else {
                if session.is_none() {
                    session = bank.sessions.start(me).await.ok();
                }
                match &session {
                    Some(session) => session.pay(number, to, amount).await,
                    None => Err(AskError::Stopped),
                }
            };
            match answer {
                Ok(Ok(outcome)) => {
                    if outcome.is_ok() {
                        acknowledged.push(number);
                    }
                    made.fetch_add(1, Ordering::Relaxed);
                    break;
                }
                // Nobody knows whether it was made: the same number again. Rule 3 makes it safe.
                Ok(Err(Unknown(_))) => {}
                Err(_) => session = None,
            }
            repeats += 1;
        }
        // A breath. Without it the journal grows by thousands of lines a second, and each crash reads it all.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    (acknowledged, repeats)
}

/// Crashes one actor after the other.
struct Storm {
    bank: Supervised<Bank>,
    /// Of the ledger, the tellers, the inspector, the sessions.
    crashes: [u64; 4],
    random: u64,
    number: u64,
}

impl Storm {
    fn total(&self) -> u64 {
        self.crashes.iter().sum()
    }

    /// A generator of a line and a half is random enough for weather, and the same each time.
    fn below(&mut self, bound: u64) -> u64 {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % bound
    }

    async fn strike(&mut self) {
        let victim = self.below(4) as usize;
        let struck = match victim {
            0 => self.strike_ledger().await,
            1 => crashed(self.bank.tellers.faint().await),
            2 => crashed(self.bank.audit.inspector.faint().await),
            _ => match self.bank.sessions.start(0).await {
                Ok(session) => crashed(session.faint().await),
                Err(_) => false,
            },
        };
        // A bolt that hit somebody who was being restarted anyway is not counted.
        self.crashes[victim] += u64::from(struck);
    }

    /// A payment with a crash on the way, then the same payment again: made by the first try or by the second,
    /// never by both.
    async fn strike_ledger(&mut self) -> bool {
        self.number += 1;
        let number = 1 << 63 | self.number;
        let payment = Payment { number, from: 0, to: 1, amount: 1 };
        let at = match self.below(4) {
            0 => At::BeforeWriting,
            1 => At::HalfWritten,
            2 => At::Written,
            _ => At::BetweenTheAccounts,
        };
        let struck = crashed(self.bank.ledger.make_and_crash(payment, at).await);
        while self.bank.ledger.make(payment).await.is_err() {}
        struck
    }
}

fn crashed<T>(answer: Result<T, AskError>) -> bool {
    matches!(answer, Err(AskError::Crashed { reason: ExitReason::Panicked { .. } }))
}
