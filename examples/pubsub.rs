//! Publish and subscribe: a price feed, a board that shows it, an alarm, and a reader who cannot keep up.
//!
//! A publisher knows no subscriber, and no subscriber can slow it down or bring it down.

use std::collections::BTreeMap;

use airssys_rt::prelude::*;

/// An event is any type that can be cloned: each subscriber gets its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    pub symbol: &'static str,
    pub cents: u64,
}

/// Published by one subscriber for others.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    pub symbol: &'static str,
    pub cents: u64,
}

/// Shows the last price of everything.
#[actor]
#[derive(Default)]
pub struct Board {
    last: BTreeMap<&'static str, u64>,
    seen: u64,
}

#[handlers]
impl Board {
    /// `#[handler(event)]` subscribes the actor at its start, by the type of the argument.
    #[handler(event)]
    fn price(&mut self, price: Price) {
        self.last.insert(price.symbol, price.cents);
        self.seen += 1;
    }

    #[handler]
    pub fn last(&self, symbol: &'static str) -> Option<u64> {
        self.last.get(symbol).copied()
    }

    #[handler]
    pub fn seen(&self) -> u64 {
        self.seen
    }
}

/// Publishes an [`Alert`] for each price above its limit.
#[actor]
pub struct Alarm {
    limit: u64,
}

#[handlers]
impl Alarm {
    #[handler(event)]
    fn price(&mut self, price: Price, ctx: &mut Context<Self>) {
        // A feed that sends nonsense crashes this subscriber, and this one alone.
        assert!(price.cents > 0, "a price of zero");
        if price.cents > self.limit {
            // A handler may publish: publishing never waits, so there is nothing to lock up.
            ctx.publish(Alert { symbol: price.symbol, cents: price.cents });
        }
    }
}

/// Keeps the alerts, and can stop listening.
#[actor]
#[derive(Default)]
pub struct Desk {
    alerts: Vec<Alert>,
}

#[handlers]
impl Desk {
    #[handler(event)]
    fn alert(&mut self, alert: Alert) {
        self.alerts.push(alert);
    }

    #[handler]
    pub fn alerts(&self) -> Vec<Alert> {
        self.alerts.clone()
    }

    #[handler]
    pub fn go_home(&mut self, ctx: &mut Context<Self>) {
        ctx.unsubscribe::<Alert>();
    }
}

/// Reads slowly, out of a mailbox with room for four.
#[actor(mailbox(capacity = 4))]
#[derive(Default)]
pub struct Archivist {
    kept: u64,
}

#[handlers]
impl Archivist {
    #[handler(event)]
    async fn price(&mut self, _price: Price) {
        tokio::time::sleep(Duration::from_millis(10)).await;
        self.kept += 1;
    }

    #[handler]
    pub fn kept(&self) -> u64 {
        self.kept
    }
}

#[supervisor]
pub struct Exchange {
    #[child]
    pub board: ActorRef<Board>,
    #[child(start = Alarm { limit: 15_000 })]
    pub alarm: ActorRef<Alarm>,
    #[child]
    pub desk: ActorRef<Desk>,
    #[child]
    pub archivist: ActorRef<Archivist>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    examples::expect_panics("a price of zero");
    let system = System::new("exchange");
    let exchange = system.start(Exchange::spec()).await?;
    let events = system.events();

    // Three subscribers of `Price`, one of `Alert`.
    assert_eq!(events.subscribers::<Price>(), 3);
    assert_eq!(events.subscribers::<Alert>(), 1);

    // `publish` says how many took the event.
    assert_eq!(events.publish(Price { symbol: "ACME", cents: 12_300 }), 3);
    assert_eq!(events.publish(Price { symbol: "ACME", cents: 15_100 }), 3);

    // Events of one publisher arrive in order, before anything that it asks afterwards.
    assert_eq!(exchange.board.last("ACME").await?, Some(15_100));

    // The alert takes two steps, each in its own time: the alarm handles the price, the desk the alert.
    let alert = Alert { symbol: "ACME", cents: 15_100 };
    assert_eq!(wait_for_alerts(&exchange.desk, 1).await, [alert]);

    // One subscriber crashes over an event. The others have it, the publisher hears nothing of it, and
    // the restarted alarm is subscribed again.
    events.publish(Price { symbol: "VOID", cents: 0 });
    assert_eq!(exchange.board.last("VOID").await?, Some(0));
    events.publish(Price { symbol: "INIT", cents: 99_900 });
    assert_eq!(wait_for_alerts(&exchange.desk, 2).await.len(), 2);
    assert_eq!(exchange.alarm.process().restarts(), 1);

    // A burst. Publishing never waits, so the archivist, who has room for four, loses what does not fit:
    // counted, for each subscriber. The board keeps up and misses nothing.
    let before = exchange.board.seen().await?;
    for cents in 1..=500 {
        events.publish(Price { symbol: "FAST", cents });
    }
    let seen = exchange.board.seen().await? - before;
    let lost = events.lost_by(exchange.archivist.pid());
    println!("500 prices: the board saw {seen}, the archivist lost {lost}");
    assert_eq!(seen, 500);
    assert_eq!(exchange.board.last("FAST").await?, Some(500));
    assert!(lost >= 400, "a mailbox of four cannot hold 500 events");
    // The ones it did take, it keeps: nothing is lost without being counted.
    let published = 4 + 500;
    let kept = exchange.archivist.kept().await?;
    assert_eq!(kept + lost, published);
    assert_eq!(events.lost(), lost, "nobody else lost anything");

    // Nothing that is published after an unsubscription reaches the subscriber.
    exchange.desk.go_home().await?;
    assert_eq!(events.publish(Alert { symbol: "LATE", cents: 1 }), 0);
    assert_eq!(exchange.desk.alerts().await?.len(), 2);

    assert!(system.shutdown().await.is_clean());
    println!("every event was handled or counted as lost");
    Ok(())
}

/// Asks until there are as many alerts, for a second at most.
async fn wait_for_alerts(desk: &ActorRef<Desk>, count: usize) -> Vec<Alert> {
    for _ in 0..100 {
        let alerts = desk.alerts().await.expect("the desk answers");
        if alerts.len() >= count {
            return alerts;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("fewer than {count} alerts within a second");
}
