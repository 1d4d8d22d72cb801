/// Everything the bank needs to be open.
#[supervisor(strategy = "rest_for_one", max_restarts = 3, within = "5s", backoff(first = "100ms", max = "30s"))]
pub struct Bank {
    path: PathBuf,

    #[child(start = Ledger::open(&path).await?, shutdown = "2s")]
    pub ledger: ActorRef<Ledger>,

    #[child(start = Teller::new(ledger), count = 4, restart = "transient")]
    pub tellers: Pool<Teller>,

    #[child(start = Audit::spec(ledger))]
    pub audit: Supervised<Audit>,

    #[child(start = |id: CustomerId| Session::new(id, ledger), restart = "temporary", max = 10_000)]
    pub sessions: Children<Session, CustomerId>,
}
