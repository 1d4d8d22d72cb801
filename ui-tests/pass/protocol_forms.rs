//! Every form that a protocol, and an actor's part in it, can have.

use airssys_rt::prelude::*;
use airssys_rt::testing::Probe;

mod bank {
    use airssys_rt::prelude::*;

    /// An amount that is not there.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Overdrawn(pub u64);

    /// Keeps money, and knows how much.
    #[protocol(message(name = "LedgerCommand", derive(Debug, Clone, PartialEq)))]
    pub trait Ledger {
        /// Adds `amount`.
        fn deposit(&self, amount: u64) -> u64;
        fn withdraw(&self, amount: u64) -> Result<u64, Overdrawn>;
        /// What it is called.
        #[must_use = "the old name"]
        fn rename(&self, name: impl Into<String>) -> String;
        #[cfg(any())]
        fn never(&self, here: NoSuchType) -> NoSuchType;
        #[cfg(all())]
        fn close(&self);
        fn r#type(&self) -> &'static str;
    }

    #[protocol]
    pub(crate) trait Audit {
        fn total(&self) -> u64;
        fn r#type(&self) -> &'static str;
    }
}

use bank::{Audit, AuditMessage, Overdrawn};

/// Of types that its actors choose.
#[protocol]
pub trait Store<K, V = String, const N: usize = 2>
where
    K: PartialEq,
{
    fn put(&self, key: K, values: [V; N]);
    fn get(&self, key: K) -> Option<[V; N]>;
}

#[protocol(crate = airssys_rt)]
trait Source<T> {
    fn next(&self) -> Option<T>;
}

#[actor]
#[derive(Default)]
struct Account {
    balance: u64,
    name: String,
}

#[handlers(protocols(bank::Ledger, Audit, Source<u64>))]
impl Account {
    #[handler]
    fn deposit(&mut self, by: u64) -> u64 {
        self.balance += by;
        self.balance
    }

    #[handler]
    async fn withdraw(&mut self, amount: u64, _ctx: &mut Context<Self>) -> ActorResult<Result<u64, Overdrawn>> {
        match self.balance.checked_sub(amount) {
            Some(left) => self.balance = left,
            None => return Ok(Err(Overdrawn(amount))),
        }
        Ok(Ok(self.balance))
    }

    #[handler]
    fn rename(&mut self, name: String) -> String {
        std::mem::replace(&mut self.name, name)
    }

    #[handler]
    #[cfg(all())]
    fn close(&mut self) -> ActorResult<()> {
        Ok(())
    }

    #[handler]
    fn r#type(&self) -> &'static str {
        "account"
    }

    #[handler]
    fn total(&self, reply: ReplyTo<u64>) {
        reply.send(self.balance);
    }

    #[handler]
    #[deprecated]
    fn next(&mut self) -> Option<u64> {
        None
    }

    #[handler]
    fn only_here(&self) {}
}

#[actor]
struct Shelf<K, V, const N: usize> {
    entries: Vec<(K, [V; N])>,
}

#[handlers(protocols(Store<K, V, N>, Source<V>))]
impl<K: PartialEq + Send + 'static, V: Clone + Send + 'static, const N: usize> Shelf<K, V, N> {
    #[handler]
    fn put(&mut self, key: K, values: [V; N]) {
        self.entries.push((key, values));
    }

    #[handler]
    fn get(&mut self, key: K) -> Option<[V; N]> {
        self.entries.iter().find(|entry| entry.0 == key).map(|entry| entry.1.clone())
    }

    #[handler]
    fn next(&mut self) -> Option<V> {
        self.entries.pop().and_then(|entry| entry.1.into_iter().next())
    }
}

macro_rules! protocols {
    ($($name:ident { $($method:ident: $reply:ty),* })*) => {$(
        #[protocol]
        trait $name {
            $(fn $method(&self, of: u8) -> $reply;)*
        }
    )*};
}

protocols! {
    Sizes { width: u32, height: u64 }
    Weights { weight: f64 }
}

#[actor]
struct Box1;

#[handlers(protocols(Sizes, Weights))]
impl Box1 {
    #[handler]
    fn width(&self, _of: u8) -> u32 {
        1
    }

    #[handler]
    fn height(&self, _of: u8) -> u64 {
        2
    }

    #[handler]
    fn weight(&self, _of: u8) -> f64 {
        3.0
    }
}

async fn count(sizes: &impl Sizes, weights: WeightsRef) -> Result<f64, AskError> {
    Ok(f64::from(sizes.width(0).await?) + sizes.height(0).await? as f64 + weights.weight(0).await?)
}

async fn run(system: System) -> Result<(), std::boxed::Box<dyn std::error::Error>> {
    let account = system.spawn(Account::default());
    {
        use bank::{Ledger, LedgerRef};
        let ledger: LedgerRef = account.recipient();
        assert_eq!(ledger.deposit(7).await?, 7);
        assert_eq!(ledger.withdraw(9).await?, Err(Overdrawn(9)));
        assert_eq!(ledger.rename("Ada").await?, "");
        assert_eq!(LedgerRef::from(&account).rename(String::new()).await?, "Ada");
        ledger.close().await?;
        assert_eq!(ledger.r#type().await?, "account");
        assert_eq!(ledger.deposit(1).into_message(), bank::LedgerCommand::Deposit { amount: 1 });
    }
    let audit: bank::AuditRef = account.clone().into();
    assert_eq!(audit.total().await?, 7);
    let source: SourceRef<u64> = account.recipient();
    assert_eq!(source.next().await?, None);

    let shelf = system.spawn(Shelf { entries: Vec::new() });
    let store: StoreRef<u8> = shelf.recipient();
    store.put(1, ["a".to_owned(), "b".to_owned()]).await?;
    assert_eq!(store.get(1).await?.map(|values| values.join("")), Some("ab".to_owned()));
    let source: SourceRef<String> = shelf.recipient();
    assert_eq!(source.next().await?.as_deref(), Some("a"));

    let r#box = system.spawn(Box1);
    assert_eq!(count(&Recipient::<SizesMessage>::from(&r#box), r#box.recipient()).await?, 6.0);

    {
        #[protocol]
        trait Local {
            fn only_here(&self);
        }

        #[actor]
        struct Inside;

        #[handlers(protocols(Local))]
        impl Inside {
            #[handler]
            fn only_here(&self) {}
        }

        let local: LocalRef = system.spawn(Inside).recipient();
        local.only_here().await?;
        let probe = Probe::<LocalMessage>::new();
        probe.only_here().tell().await?;
        assert_eq!(probe.received(), 1);
    }
    Ok(())
}

fn main() {
    let _ = run;
}
