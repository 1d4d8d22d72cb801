//! The first hour: one actor, one tree.
use airssys_rt::prelude::*;
use std::path::PathBuf;

#[actor(mailbox(capacity = 256, backpressure = "block"))]
#[derive(Debug, Default)]
pub struct Counter {
    value: i64,
}

#[derive(Debug, PartialEq)]
pub struct Overdrawn;
impl std::fmt::Display for Overdrawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("overdrawn")
    }
}
impl std::error::Error for Overdrawn {}

#[handlers]
impl Counter {
    /// Adds `by` and answers the new value.
    #[handler]
    pub fn increment(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }
    #[handler]
    pub async fn value(&self) -> i64 {
        self.value
    }
    #[handler]
    pub async fn slow(&mut self) -> i64 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        self.value
    }
    #[handler]
    pub fn withdraw(&mut self, amount: i64) -> Result<i64, Overdrawn> {
        if amount > self.value {
            return Err(Overdrawn);
        }
        self.value -= amount;
        Ok(self.value)
    }
    #[handler]
    pub fn boom(&mut self) {
        panic!("boom")
    }
}

#[tokio::test]
async fn one_actor() -> Result<(), Box<dyn std::error::Error>> {
    let system = System::new("quickstart");
    let counter: ActorRef<Counter> = system.spawn(Counter::default());
    let now = counter.increment(2).await?;
    assert_eq!(now, 2);
    counter.increment(2).tell().await?;
    let value = counter.value().timeout(Duration::from_millis(50)).await?;
    assert_eq!(value, 4);
    let left = counter.withdraw(3).await??;
    assert_eq!(left, 1);
    assert_eq!(counter.withdraw(3).await?, Err(Overdrawn));
    assert_eq!(counter.slow().await?, 1);
    let down = counter.monitor();
    assert!(matches!(counter.boom().await, Err(AskError::Crashed { .. })));
    println!("{:?}", down.await);
    println!("{:?}", system.counters());
    println!("{:?}", system.shutdown().await);
    Ok(())
}

#[actor]
#[derive(Default)]
pub struct Audit2 {
    n: u32,
}
#[handlers]
impl Audit2 {
    #[handler]
    fn note(&mut self) -> u32 {
        self.n += 1;
        self.n
    }
    #[handler]
    fn boom(&mut self) {
        panic!("audit")
    }
}

#[supervisor]
pub struct Audit {
    ledger: ActorRef<Counter>,
    #[child]
    pub inner: ActorRef<Audit2>,
}

#[actor]
pub struct Session {
    id: u32,
    ledger: ActorRef<Counter>,
}
#[handlers]
impl Session {
    #[handler]
    async fn id(&mut self) -> ActorResult<i64> {
        Ok(i64::from(self.id) + self.ledger.value().await?)
    }
}

#[supervisor(strategy = "rest_for_one", max_restarts = 3, within = "5s")]
pub struct Bank {
    path: PathBuf,
    #[child(start = { let _ = &path; Counter { value: 10 } }, shutdown = "2s")]
    pub ledger: ActorRef<Counter>,
    #[child(start = { let _ = ledger; Counter::default() }, count = 4, restart = "transient")]
    pub tellers: Pool<Counter>,
    #[child(start = Audit::spec(ledger))]
    pub audit: Supervised<Audit>,
    #[child(start = |id: u32| Session { id, ledger }, restart = "temporary", max = 10_000)]
    pub sessions: Children<Session, u32>,
}

#[tokio::test]
async fn one_tree() -> Result<(), Box<dyn std::error::Error>> {
    let system = System::new("bank");
    let bank: Supervised<Bank> = system.start(Bank::spec("x".into())).await?;
    assert_eq!(bank.path, PathBuf::from("x"));
    bank.ledger.increment(7).await?;
    let session = bank.sessions.start(3).await?;
    assert_eq!(session.id().await?, 20);
    let totals = bank.tellers.all(|teller| teller.increment(1)).await;
    assert_eq!(totals, [Ok(1), Ok(1), Ok(1), Ok(1)]);
    println!("{}", system.tree());
    let _ = bank.audit.inner.boom().await;
    assert_eq!(bank.audit.inner.note().await?, 1);
    let _ = bank.ledger.boom().await;
    assert_eq!(bank.ledger.increment(0).await?, 10);
    println!("{}", system.tree());
    println!("{:?}", bank.children().await?);
    println!("{:?}", system.shutdown().await);
    println!("{:?}", system.counters());
    println!("{}", system.tree());
    Ok(())
}
