//! A supervision tree with every kind of child.

#![deny(warnings)]

use std::path::{Path, PathBuf};

use airssys_rt::prelude::*;

type CustomerId = u64;

#[actor]
pub struct Ledger;

#[handlers]
impl Ledger {
    #[handler]
    pub fn deposit(&mut self, amount: u64) -> u64 {
        amount
    }
}

impl Ledger {
    async fn open(_path: &Path) -> Result<Self, std::io::Error> {
        Ok(Self)
    }
}

#[actor]
pub struct Teller(ActorRef<Ledger>);

#[handlers]
impl Teller {
    #[handler]
    pub fn total(&mut self) -> u64 {
        let _ = &self.0;
        1
    }
}

impl Teller {
    fn new(ledger: ActorRef<Ledger>) -> Self {
        Self(ledger)
    }
}

#[actor]
#[derive(Default)]
pub struct Auditor;

#[handlers]
impl Auditor {}

#[supervisor]
pub struct Audit {
    ledger: ActorRef<Ledger>,
    #[child]
    pub auditor: ActorRef<Auditor>,
}

#[supervisor]
pub struct Cleaning {
    #[child]
    auditor: ActorRef<Auditor>,
}

#[actor]
pub struct Session(CustomerId, ActorRef<Ledger>);

#[handlers]
impl Session {}

impl Session {
    async fn open(id: CustomerId, ledger: ActorRef<Ledger>) -> Result<Self, std::io::Error> {
        Ok(Self(id, ledger))
    }
}

/// Everything the bank needs to be open.
#[supervisor(strategy = "rest_for_one", max_restarts = 3, within = "5s")]
pub struct Bank {
    path: PathBuf,
    windows: usize,

    #[child(start = Ledger::open(&path).await?, shutdown = "2s")]
    pub ledger: ActorRef<Ledger>,

    #[child(start = Teller::new(ledger), count = 4, restart = "transient")]
    pub tellers: Pool<Teller>,

    #[child(start = { let ledger = ledger; Teller(ledger) }, count = windows.max(1))]
    pub more_tellers: Pool<Teller>,

    #[child(start = Audit::spec(ledger))]
    pub audit: Supervised<Audit>,

    #[child(restart = "transient", name = "cleaning")]
    pub cleaning: Supervised<Cleaning>,

    #[child(start = |id: CustomerId| Session(id, ledger), restart = "temporary", max = 10_000)]
    pub sessions: Children<Session, CustomerId>,

    #[child(start = |id| Session::open(id, ledger).await?)]
    pub opened: Children<Session, CustomerId>,

    #[child(start = |id: CustomerId, name: String| { println!("{name} {path:?}"); Session(id, ledger) }, max = windows)]
    pub named: Children<Session, (CustomerId, String)>,

    #[child(start = |(id, _), mut times| { while times > 0 { times -= 1; } Session(id, ledger) })]
    pub patterns: Children<Session, ((CustomerId, u8), usize)>,

    #[child(start = async |id: CustomerId| Session::open(id, ledger).await?, max = 3)]
    pub async_closure: Children<Session, CustomerId>,

    #[child(start = || Auditor)]
    pub auditors: Children<Auditor, ()>,

    #[child]
    pub default_auditors: Children<Auditor, ()>,
}

fn handles(bank: &Bank) {
    let _ = bank.ledger.deposit(7);
    let _ = bank.tellers.total();
}

fn main() {
    let spec: airssys_rt::SupervisorSpec<Bank> = Bank::spec(PathBuf::from("ledger"), 3);
    drop(spec);
    let _ = handles;
}
