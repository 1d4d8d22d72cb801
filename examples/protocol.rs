//! Code that depends on what an actor does and not on which it is: a protocol, events and messages shared by many.
//!
//! A shop takes payments from anything that is a `Till`: today a drawer and a card reader, in its tests a probe. Both
//! hear of the end of the day by an event, and both answer a message that belongs to none of them.
//!
//! `cargo run --example protocol`

use std::collections::BTreeMap;

use airssys_rt::prelude::*;
use airssys_rt::testing::Probe;

/// Why a payment was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refused {
    OverLimit { limit: u64 },
    Closed,
}

/// Where customers pay. This is all that the shop knows.
#[protocol(message(derive(Debug, Clone, PartialEq)))]
trait Till {
    /// Takes `amount`, and answers what the till holds then.
    fn pay(&self, amount: u64, from: impl Into<String>) -> Result<u64, Refused>;
    /// What the till holds.
    fn total(&self) -> u64;
}

/// Published to whoever listens: the shop closes.
#[derive(Debug, Clone)]
struct EndOfDay;

/// Told or asked of any actor that handles it: how many payments there were.
struct CountPayments;

/// A drawer with coins.
#[actor]
#[derive(Default)]
struct Drawer {
    coins: Vec<u64>,
    closed: bool,
}

#[handlers(protocols(Till))]
impl Drawer {
    #[handler]
    fn pay(&mut self, amount: u64, from: String) -> Result<u64, Refused> {
        if self.closed {
            return Err(Refused::Closed);
        }
        println!("{from} puts {amount} into the drawer");
        self.coins.push(amount);
        Ok(self.coins.iter().sum())
    }

    #[handler]
    fn total(&self) -> u64 {
        self.coins.iter().sum()
    }

    /// Of the drawer alone: no part of the protocol.
    #[handler]
    fn take_out(&mut self) -> u64 {
        std::mem::take(&mut self.coins).iter().sum()
    }

    #[handler(event)]
    fn end_of_day(&mut self, _event: EndOfDay) {
        self.closed = true;
    }

    #[handler(message)]
    fn count(&self, _message: CountPayments) -> usize {
        self.coins.len()
    }
}

/// A card reader: it waits for the bank, and fails when the bank does.
#[actor]
struct CardReader {
    limit: u64,
    paid: BTreeMap<String, u64>,
    payments: usize,
}

#[handlers(protocols(Till))]
impl CardReader {
    /// Async here and plain in the drawer: the protocol says what is answered, not how.
    #[handler]
    async fn pay(
        &mut self,
        amount: u64,
        from: String,
        ctx: &mut Context<Self>,
    ) -> ActorResult<Result<u64, Refused>> {
        if amount > self.limit {
            return Ok(Err(Refused::OverLimit { limit: self.limit }));
        }
        let receipt = bank(&from, amount).await?;
        println!("{from} pays {amount} by card: {receipt} at {}", ctx.pid());
        *self.paid.entry(from).or_default() += amount;
        self.payments += 1;
        Ok(Ok(self.paid.values().sum()))
    }

    #[handler]
    fn total(&self) -> u64 {
        self.paid.values().sum()
    }

    #[handler(event)]
    fn end_of_day(&mut self, _event: EndOfDay) {
        self.limit = 0;
    }

    #[handler(message)]
    fn count(&self, _message: CountPayments) -> usize {
        self.payments
    }
}

async fn bank(from: &str, amount: u64) -> Result<String, std::num::ParseIntError> {
    tokio::task::yield_now().await;
    // A name that is no name: the bank's answer cannot be read.
    if from.is_empty() { from.parse::<u64>().map(|n| n.to_string()) } else { Ok(format!("receipt {amount}")) }
}

/// A shop with some tills. It is the same code whichever they are.
#[actor]
struct Shop {
    tills: Vec<TillRef>,
    next: usize,
}

#[handlers]
impl Shop {
    #[handler]
    async fn sell(&mut self, price: u64, to: String) -> ActorResult<Result<u64, Refused>> {
        let till = &self.tills[self.next % self.tills.len()];
        self.next += 1;
        Ok(till.pay(price, to).await?)
    }

    #[handler]
    async fn takings(&mut self) -> ActorResult<u64> {
        sum(&self.tills).await.map_err(ActorError::from)
    }
}

/// For anything that is a till: references, and probes in a test.
async fn sum<T: Till>(tills: &[T]) -> Result<u64, AskError> {
    let mut sum = 0;
    for till in tills {
        sum += till.total().await?;
    }
    Ok(sum)
}

/// The tills restart on their own; the shop keeps its references to them.
#[supervisor]
struct Mall {
    #[child]
    drawer: ActorRef<Drawer>,
    #[child(start = CardReader { limit: 500, paid: BTreeMap::new(), payments: 0 })]
    reader: ActorRef<CardReader>,
    #[child(start = Shop { tills: vec![drawer.recipient(), reader.into()], next: 0 })]
    shop: ActorRef<Shop>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let system = System::new("mall");
    let mall = system.start(Mall::spec()).await?;

    // The shop sells; which till takes the money is none of its business.
    assert_eq!(mall.shop.sell(30, "Ada".into()).await?, Ok(30));
    assert_eq!(mall.shop.sell(50, "Bob".into()).await?, Ok(50));
    assert_eq!(mall.shop.sell(5, "Cleo".into()).await?, Ok(35));
    assert_eq!(mall.shop.sell(900, "Dan".into()).await?, Err(Refused::OverLimit { limit: 500 }));
    assert_eq!(mall.shop.takings().await?, 85);

    // A failure of the actor behind a protocol is one to its asker, and its supervisor starts it again, empty.
    let reader: TillRef = mall.reader.recipient();
    assert!(matches!(reader.pay(1, "").await, Err(AskError::Failed { .. })));
    assert_eq!(reader.total().await?, 0);
    assert_eq!(mall.shop.takings().await?, 35);

    // What belongs to one actor alone is called on its own reference.
    assert_eq!(mall.drawer.take_out().await?, 35);

    // One message for both, without a protocol: `Recipient<CountPayments>` is whoever handles it.
    assert_eq!(mall.shop.sell(7, "Eve".into()).await?, Ok(7));
    assert_eq!(mall.shop.sell(8, "Fay".into()).await?, Ok(8));
    let countable: [Recipient<CountPayments>; 2] = [mall.drawer.recipient(), mall.reader.recipient()];
    for till in &countable {
        assert_eq!(till.ask::<usize>(CountPayments).await?, 1);
    }

    // One event for both. A publish does not wait; an ask that follows it stands behind it.
    system.events().publish(EndOfDay);
    assert_eq!(mall.shop.sell(1, "Gus".into()).await?, Err(Refused::Closed));
    assert_eq!(mall.shop.sell(1, "Hal".into()).await?, Err(Refused::OverLimit { limit: 0 }));

    // A test of the shop needs no till: a probe has every method of the protocol.
    let till = Probe::<TillMessage>::new();
    till.answer_with(|message| match message {
        TillMessage::Pay { .. } => Box::new(Ok::<u64, Refused>(1)),
        _ => Box::new(2_u64),
    });
    let shop = system.spawn(Shop { tills: vec![till.recipient()], next: 0 });
    assert_eq!(shop.sell(3, "Ida".into()).await?, Ok(1));
    assert_eq!(till.next().await, TillMessage::Pay { amount: 3, from: "Ida".into() });
    assert_eq!(sum(&[till.clone(), till]).await?, 4);

    assert!(system.shutdown().await.is_clean());
    println!("all tills agree");
    Ok(())
}
