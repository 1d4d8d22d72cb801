//! Code that depends on what an actor does, not which it is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::task::Poll;

use airssys_rt::prelude::*;
use airssys_rt::testing::Probe;
use tests::actors::{eventually, poll_once, within};
use tests::bank::{
    self, Audit, AuditMessage, AuditRef, Ledger, LedgerCommand, LedgerMessage, LedgerRef, Overdrawn, Store,
    StoreMessage, StoreRef,
};

/// Where both traits are in scope, `account.deposit(7)` is the actor's own handler.
#[actor(mailbox(capacity = 2, backpressure = "drop"))]
#[derive(Default)]
struct Account {
    balance: u64,
    name: String,
}

#[handlers(message(derive(Debug, Clone, PartialEq)), protocols(bank::Ledger, Audit))]
impl Account {
    #[handler]
    fn deposit(&mut self, amount: u64) -> u64 {
        self.balance += amount;
        self.balance
    }

    #[handler]
    async fn withdraw(
        &mut self,
        amount: u64,
        ctx: &mut Context<Self>,
    ) -> ActorResult<Result<u64, Overdrawn>> {
        if amount == u64::MAX {
            return Err(ActorError::msg(format!("no actor of {} has that much", ctx.pid())));
        }
        Ok(match self.balance.checked_sub(amount) {
            Some(left) => {
                self.balance = left;
                Ok(left)
            }
            None => Err(Overdrawn(amount)),
        })
    }

    #[handler]
    fn rename(&mut self, name: impl Into<String>) -> String {
        std::mem::replace(&mut self.name, name.into())
    }

    #[handler]
    fn balance(&self, reply: ReplyTo<u64>) {
        reply.send(self.balance);
    }

    #[handler]
    fn total(&self) -> u64 {
        self.balance * 2
    }

    #[handler]
    fn close(&mut self, ctx: &mut Context<Self>) {
        ctx.stop();
    }

    /// Of the actor's own.
    #[handler]
    async fn crash(&mut self) {
        panic!("as asked");
    }
}

/// Another actor behind the same protocol: it keeps what it has elsewhere.
#[actor]
struct Vault {
    balance: Arc<AtomicU64>,
}

#[handlers(protocols(Ledger))]
impl Vault {
    #[handler]
    async fn deposit(&mut self, amount: u64) -> u64 {
        tokio::task::yield_now().await;
        self.balance.fetch_add(amount, SeqCst) + amount
    }

    #[handler]
    fn withdraw(&mut self, amount: u64) -> Result<u64, Overdrawn> {
        Err(Overdrawn(amount))
    }

    #[handler]
    fn rename(&mut self, name: String) -> String {
        name
    }

    #[handler]
    fn balance(&mut self) -> u64 {
        self.balance.load(SeqCst)
    }

    #[handler]
    fn close(&mut self) -> ActorResult<()> {
        Err(ActorError::msg("a vault is never closed"))
    }
}

#[actor]
struct Shelf<K, V> {
    entries: BTreeMap<K, V>,
}

#[handlers(protocols(Store<K, V>))]
impl<K: Ord + Send + 'static, V: Clone + Send + 'static> Shelf<K, V> {
    #[handler]
    fn put(&mut self, key: K, value: V) -> Option<V> {
        self.entries.insert(key, value)
    }

    #[handler]
    fn get(&mut self, key: K) -> Option<V> {
        self.entries.get(&key).cloned()
    }
}

#[supervisor]
struct Bank {
    balance: Arc<AtomicU64>,
    #[child]
    account: ActorRef<Account>,
    #[child(start = Vault { balance }, count = 3)]
    vaults: Pool<Vault>,
    #[child(start = Teller { ledger: account.recipient() })]
    teller: ActorRef<Teller>,
}

#[actor]
struct Teller {
    ledger: LedgerRef,
}

#[handlers]
impl Teller {
    #[handler]
    async fn pay_in(&mut self, amount: u64) -> Result<u64, AskError> {
        self.ledger.deposit(amount).await
    }
}

/// Knows the protocol alone.
async fn pay_in(ledger: &impl Ledger, amount: u64) -> Result<u64, AskError> {
    ledger.deposit(amount).await?;
    ledger.balance().await
}

#[tokio::test]
async fn any_actor_that_takes_part_is_reached_by_one_type() {
    let system = System::new("test");
    let balance = Arc::new(AtomicU64::new(100));
    let account = system.spawn(Account::default());
    let vault = system.spawn(Vault { balance: balance.clone() });
    let ledgers: Vec<LedgerRef> = vec![account.recipient(), vault.into()];
    let mut balances = Vec::new();
    for ledger in &ledgers {
        balances.push(pay_in(ledger, 7).await.unwrap());
    }
    assert_eq!(balances, [7, 107]);
    assert_eq!(account.deposit(1).await, Ok(8));
}

#[tokio::test]
async fn the_asker_gets_what_the_protocol_says_whatever_the_handler_returns() {
    let system = System::new("test");
    let account = system.spawn(Account::default());
    let ledger: LedgerRef = account.recipient();
    let withdrawn: Result<Result<u64, Overdrawn>, AskError> = ledger.withdraw(9).await;
    assert_eq!(withdrawn, Ok(Err(Overdrawn(9))));
    assert_eq!(ledger.deposit(9).await, Ok(9));
    assert_eq!(ledger.withdraw(4).await, Ok(Ok(5)));
    assert_eq!(ledger.rename("Ada").await.unwrap(), "");
    assert_eq!(ledger.rename(String::new()).await.unwrap(), "Ada");
    assert!(matches!(ledger.withdraw(u64::MAX).await, Err(AskError::Failed { .. })));
}

#[tokio::test]
async fn two_protocols_of_one_actor_may_have_a_method_in_common() {
    let system = System::new("test");
    let account = system.spawn(Account { balance: 3, name: String::new() });
    let (ledger, audit): (LedgerRef, AuditRef) = (account.recipient(), account.recipient());
    assert_eq!(ledger.balance().await, Ok(3));
    assert_eq!(audit.balance().await, Ok(3));
    assert_eq!(audit.total().await, Ok(6));
    assert_eq!(audit.pid(), Some(account.pid()));
}

#[tokio::test]
async fn a_plain_handler_answers_a_protocol_without_a_hop() {
    let system = System::new("test");
    let account = system.spawn(Account::default());
    account.balance().await.unwrap();
    let ledger: LedgerRef = account.recipient();
    let mut ask = Box::pin(ledger.deposit(7).ask());
    assert_eq!(poll_once(&mut ask).await, Poll::Ready(Ok(7)));
    let mut deferred = Box::pin(ledger.balance().ask());
    assert_eq!(poll_once(&mut deferred).await, Poll::Ready(Ok(7)));
}

#[tokio::test]
async fn a_message_of_a_protocol_keeps_its_place_among_the_actors_own() {
    let system = System::new("test");
    let account = system.spawn(Account::default());
    let ledger: LedgerRef = account.recipient();
    account.rename("first").try_tell().unwrap();
    ledger.rename("second").try_tell().unwrap();
    assert_eq!(account.process().mailbox_len(), 2);
    eventually("the mailbox is empty", || account.process().mailbox_len() == 0).await;
    assert_eq!(ledger.rename("third").await.unwrap(), "second");
}

#[tokio::test]
async fn a_refused_message_comes_back_as_the_protocols() {
    let system = System::new("test");
    let account = system.spawn(Account::default());
    let ledger: LedgerRef = account.recipient();
    let audit: AuditRef = account.recipient();
    ledger.deposit(1).try_tell().unwrap();
    ledger.deposit(2).try_tell().unwrap();
    assert_eq!(ledger.deposit(3).try_tell(), Err(TrySendError::Full(LedgerCommand::Deposit { amount: 3 })));
    assert_eq!(audit.balance().tell().await, Err(SendError::Full(AuditMessage::Balance)));
    eventually("the mailbox is empty", || account.process().mailbox_len() == 0).await;
    assert_eq!(ledger.balance().await, Ok(3));
    account.stop().await.unwrap();
    assert_eq!(ledger.close().tell().await, Err(SendError::Stopped(LedgerCommand::Close)));
    assert_eq!(ledger.deposit(4).await, Err(AskError::Stopped));
}

#[tokio::test]
async fn a_sender_that_waits_for_room_gets_the_protocols_message_back_at_the_end() {
    #[actor(mailbox(capacity = 1))]
    struct Slow;

    #[handlers(protocols(Store<u8, u8>))]
    impl Slow {
        #[handler]
        async fn put(&mut self, _key: u8, _value: u8) -> Option<u8> {
            std::future::pending().await
        }

        #[handler]
        fn get(&mut self, _key: u8) -> Option<u8> {
            None
        }
    }

    let system = System::new("test");
    let slow = system.spawn(Slow);
    let store: StoreRef<u8, u8> = slow.recipient();
    store.put(1, 1).tell().await.unwrap();
    eventually("the mailbox is empty", || slow.process().mailbox_len() == 0).await;
    store.put(2, 2).tell().await.unwrap();
    let mut waits = Box::pin(store.put(3, 3).tell());
    assert!(poll_once(&mut waits).await.is_pending());
    slow.kill().await.unwrap();
    let sent_back = within(waits).await;
    assert_eq!(sent_back, Err(SendError::Stopped(StoreMessage::Put { key: 3, value: 3 })));
}

#[tokio::test]
async fn a_supervised_child_is_reached_through_its_restarts_and_a_pool_in_turn() {
    let system = System::new("test");
    let balance = Arc::new(AtomicU64::new(0));
    let bank = system.start(Bank::spec(balance.clone())).await.unwrap();
    let ledger = LedgerRef::from(&bank.account);
    assert_eq!(bank.teller.pay_in(5).await, Ok(Ok(5)));
    assert_eq!(ledger.balance().await, Ok(5));
    assert!(matches!(bank.account.crash().await, Err(AskError::Crashed { .. })));
    assert_eq!(ledger.deposit(1).await, Ok(1));

    let vaults: LedgerRef = bank.vaults.recipient();
    for _ in 0..6 {
        vaults.deposit(1).await.unwrap();
    }
    assert_eq!(balance.load(SeqCst), 6);
    assert_eq!(LedgerRef::from(bank.vaults.clone()).balance().await, Ok(6));
    assert!(matches!(vaults.close().await, Err(AskError::Failed { .. })));
    assert!(system.shutdown().await.is_clean());
}

#[tokio::test]
async fn a_probe_stands_in_for_any_actor_of_a_protocol() {
    let probe = Probe::<LedgerMessage>::new();
    probe.answer_with(|message| match message {
        LedgerCommand::Deposit { amount } => Box::new(amount + 1),
        LedgerCommand::Balance => Box::new(42_u64),
        _ => Box::new(()),
    });
    assert_eq!(pay_in(&probe, 7).await, Ok(42));
    assert_eq!(probe.next().await, LedgerCommand::Deposit { amount: 7 });

    let system = System::new("test");
    let teller = system.spawn(Teller { ledger: probe.recipient() });
    assert_eq!(teller.pay_in(1).await, Ok(Ok(2)));
    probe.end();
    assert_eq!(teller.pay_in(1).await, Ok(Err(AskError::Stopped)));
}

#[tokio::test]
async fn a_reference_of_a_protocol_keeps_its_actor_alive_and_a_weak_one_does_not() {
    let system = System::new("test");
    let account = system.spawn(Account { balance: 1, name: String::new() });
    let weak: LedgerRef = account.downgrade().recipient();
    let strong: LedgerRef = account.recipient();
    let ended = account.monitor();
    drop(account);
    assert_eq!(weak.balance().await, Ok(1));
    drop(strong);
    within(ended).await;
    assert_eq!(weak.balance().await, Err(AskError::Stopped));
}

#[tokio::test(start_paused = true)]
async fn timers_and_limits_work_on_a_protocols_requests() {
    let system = System::new("test");
    let account = system.spawn(Account::default());
    let ledger: LedgerRef = account.recipient();
    let once = ledger.deposit(5).tell_after(Duration::from_secs(1));
    let again = ledger.deposit(1).tell_every(Duration::from_secs(10));
    tokio::time::sleep(Duration::from_secs(35)).await;
    assert_eq!(ledger.balance().await, Ok(8));
    drop((once, again));

    let silent = Probe::<LedgerMessage>::new();
    let limit = Duration::from_millis(50);
    assert_eq!(silent.balance().timeout(limit).await, Err(AskError::Timeout { limit }));
    assert_eq!(tokio::spawn(ledger.deposit(2).owned().ask()).await.unwrap(), Ok(10));
}

#[tokio::test]
async fn a_generic_actor_takes_part_for_the_types_it_is_made_of() {
    let system = System::new("test");
    let shelf = system.spawn(Shelf { entries: BTreeMap::new() });
    let store: StoreRef<u8> = shelf.recipient();
    assert_eq!(store.put(1, "one".to_owned()).await, Ok(None));
    assert_eq!(store.get(1).await.unwrap().as_deref(), Some("one"));
    let other: StoreRef<String, [u8; 2]> = system.spawn(Shelf { entries: BTreeMap::new() }).recipient();
    assert_eq!(other.put("a".to_owned(), [1, 2]).await, Ok(None));
    assert_eq!(other.put("a".to_owned(), [3, 4]).await, Ok(Some([1, 2])));
}

#[tokio::test]
async fn a_private_actor_stands_behind_a_public_protocol() {
    mod open {
        use airssys_rt::prelude::*;
        use tests::bank::{self, AuditRef};

        #[actor]
        struct Secret;

        #[handlers(protocols(bank::Audit))]
        impl Secret {
            #[handler]
            fn total(&self) -> u64 {
                1
            }

            #[handler]
            fn balance(&self) -> u64 {
                2
            }
        }

        pub fn audit(system: &System) -> AuditRef {
            system.spawn(Secret).recipient()
        }
    }

    let system = System::new("test");
    let audit = open::audit(&system);
    assert_eq!(audit.total().await, Ok(1));
    assert_eq!(audit.balance().await, Ok(2));
}

/// By hand, as the macros do it: a protocol's message is sent as one of the actor's own.
struct ByHand;

impl Actor for ByHand {
    type Message = Option<u64>;

    async fn handle(&mut self, message: Option<u64>, ctx: &mut Context<Self>) -> ActorResult<()> {
        ctx.answer().send(message.unwrap_or(7));
        Ok(())
    }
}

impl Handles<AuditMessage> for ByHand {
    type Reply = ();

    async fn handle(&mut self, message: AuditMessage, ctx: &mut Context<Self>) -> ActorResult<()> {
        Actor::handle(self, matches!(message, AuditMessage::Total).then_some(1), ctx).await
    }

    fn into_own(message: AuditMessage) -> Result<Option<u64>, AuditMessage> {
        match message {
            AuditMessage::Total => Ok(Some(1)),
            other => Err(other),
        }
    }

    fn from_own(own: Option<u64>) -> Result<AuditMessage, Option<u64>> {
        own.map(|_| AuditMessage::Total).ok_or(None)
    }
}

#[tokio::test]
async fn an_actor_written_by_hand_takes_part_and_may_take_some_messages_as_they_are() {
    let system = System::new("test");
    let by_hand = system.spawn(ByHand);
    let audit: AuditRef = by_hand.recipient();
    assert_eq!(audit.total().await, Ok(1));
    assert_eq!(audit.balance().await, Ok(7));
    by_hand.stop().await.unwrap();
    assert_eq!(audit.total().try_tell(), Err(TrySendError::Stopped(AuditMessage::Total)));
    assert_eq!(audit.balance().try_tell(), Err(TrySendError::Stopped(AuditMessage::Balance)));
}

#[tokio::test]
async fn the_message_itself_can_be_sent_asked_and_kept() {
    let system = System::new("test");
    let account = system.spawn(Account::default());
    account.tell(LedgerCommand::Deposit { amount: 3 }).await.unwrap();
    assert_eq!(account.ask(LedgerCommand::Deposit { amount: 4 }).await, Ok(()));
    let ledger: LedgerRef = account.recipient();
    assert_eq!(ledger.ask::<u64>(LedgerCommand::Balance).await, Ok(7));
    let kept = ledger.deposit(1).into_message();
    assert_eq!(kept.clone(), kept);
    ledger.tell(kept).await.unwrap();
    assert_eq!(ledger.balance().await, Ok(8));
}
