// A supervisor with every sort of child.

use airssys_rt::prelude::*;

use crate::staff::*;

/// Everything the bank needs to be open.
#[supervisor(
    strategy = "rest_for_one",
    max_restarts = 3,
    within = "5s",
    backoff(first = "100ms", max = "30s")
)]
pub struct Bank {
    path: String,

    #[child(start = Ledger::open(&path).await?, shutdown = "2s")]
    pub ledger: ActorRef<Ledger>,

    #[child(start = Teller::new(ledger), count = 4, restart = "transient")]
    pub tellers: Pool<Teller>,

    #[child(start = Audit::spec(ledger))]
    pub audit: Supervised<Audit>,

    #[child(start = |_id: u64| Teller::new(ledger), restart = "temporary", max = 10_000)]
    pub sessions: Children<Teller, u64>,
}

pub async fn run(system: &System) -> ActorResult<()> {
    let bank = system.start(Bank::spec("100".to_owned())).await?;
    assert_eq!(bank.tellers.deposit(7).await?, 107);
    assert_eq!(bank.audit.inspector.deposit(0).await?, 107);
    let session = bank.sessions.start(1).await?;
    assert_eq!(session.deposit(-7).await?, 100);
    Ok(())
}
