use airssys_rt::prelude::*;

use crate::staff::*;

/// Everything the bank needs to be open.
///
/// ```text
/// Bank (rest_for_one, at most 3 restarts within 5s, after 100ms to 30s)
/// ├── ledger: Ledger, 2s to stop
/// ├── tellers: 4 × Teller, transient
/// ├── audit: Audit, a supervisor
/// └── sessions: a Teller for each u64, at most 10_000, temporary
/// ```
pub struct Bank {
    path: String,
    pub ledger: ActorRef<Ledger>,
    pub tellers: Pool<Teller>,
    pub audit: Supervised<Audit>,
    pub sessions: Children<Teller, u64>,
}

impl Bank {
    /// The spec of [`Bank`]: what starts it, in a system or below another supervisor.
    ///
    /// It takes the fields that are no children. Nothing runs until it is started.
    #[must_use = "a spec does nothing until it is started"]
    pub fn spec(path: String) -> ::airssys_rt::SupervisorSpec<Self> {
        ::airssys_rt::Supervisor::builder()
            .name("Bank")
            .strategy(::airssys_rt::RestartStrategy::RestForOne)
            .max_restarts(3)
            .within(::core::time::Duration::from_secs(5))
            .backoff(
                ::airssys_rt::Backoff::new(
                    ::core::time::Duration::from_millis(100),
                    ::core::time::Duration::from_secs(30),
                ),
            )
            .plan(move |mut children: ::airssys_rt::Starting| async move {
                let ledger: ActorRef<Ledger> = {
                    let path = ::core::clone::Clone::clone(&path);
                    children
                        .start(
                            ::airssys_rt::ChildSpec::new(
                                    "ledger",
                                    move || {
                                        let path = ::core::clone::Clone::clone(&path);
                                        async move {
                                            let started: Ledger = Ledger::open(&path).await?;
                                            ::core::result::Result::Ok::<
                                                _,
                                                ::airssys_rt::ActorError,
                                            >(started)
                                        }
                                    },
                                )
                                .shutdown(
                                    ::airssys_rt::Shutdown::After(
                                        ::core::time::Duration::from_secs(2),
                                    ),
                                ),
                        )
                        .await?
                };
                let tellers: Pool<Teller> = {
                    let ledger = ::core::clone::Clone::clone(&ledger);
                    children
                        .start(
                            ::airssys_rt::ChildSpec::new(
                                    "tellers",
                                    move || {
                                        let ledger = ::core::clone::Clone::clone(&ledger);
                                        async move {
                                            let started: Teller = Teller::new(ledger);
                                            ::core::result::Result::Ok::<
                                                _,
                                                ::airssys_rt::ActorError,
                                            >(started)
                                        }
                                    },
                                )
                                .restart(::airssys_rt::RestartPolicy::Transient)
                                .pool(4),
                        )
                        .await?
                };
                let audit: Supervised<Audit> = {
                    let ledger = ::core::clone::Clone::clone(&ledger);
                    children
                        .start(
                            ::airssys_rt::ChildSpec::supervisor(
                                "audit",
                                async move {
                                    let started: ::airssys_rt::SupervisorSpec<Audit> = Audit::spec(
                                        ledger,
                                    );
                                    ::core::result::Result::Ok::<
                                        _,
                                        ::airssys_rt::ActorError,
                                    >(started)
                                },
                            ),
                        )
                        .await?
                };
                let sessions: Children<Teller, u64> = {
                    let ledger = ::core::clone::Clone::clone(&ledger);
                    children
                        .start(
                            ::airssys_rt::ChildSpec::dynamic(
                                    "sessions",
                                    move |_id: u64| {
                                        let ledger = ::core::clone::Clone::clone(&ledger);
                                        async move {
                                            let started: Teller = Teller::new(ledger);
                                            ::core::result::Result::Ok::<
                                                _,
                                                ::airssys_rt::ActorError,
                                            >(started)
                                        }
                                    },
                                )
                                .restart(::airssys_rt::RestartPolicy::Temporary)
                                .max(10_000),
                        )
                        .await?
                };
                let supervisor = Self {
                    path,
                    ledger,
                    tellers,
                    audit,
                    sessions,
                };
                let _ = &supervisor.path;
                let _ = &supervisor.ledger;
                let _ = &supervisor.tellers;
                let _ = &supervisor.audit;
                let _ = &supervisor.sessions;
                ::core::result::Result::Ok(supervisor)
            })
    }
}

pub async fn run(system: &System) -> ActorResult<()> {
    let bank = system.start(Bank::spec("100".to_owned())).await?;
    assert_eq!(bank.tellers.deposit(7). await ?, 107);
    assert_eq!(bank.audit.inspector.deposit(0). await ?, 107);
    let session = bank.sessions.start(1).await?;
    assert_eq!(session.deposit(- 7). await ?, 100);
    Ok(())
}
