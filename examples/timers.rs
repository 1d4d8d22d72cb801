//! Timers: a cache whose entries expire, a heartbeat, a delayed message, and all the ways in which they end.
//!
//! A timer sends a message like anybody else, so a handler never runs beside another one and needs no lock.

use std::collections::HashMap;

use airssys_rt::prelude::*;
use tokio::time::Instant;

/// Forgets what is older than its limit.
#[actor]
pub struct Cache {
    limit: Duration,
    entries: HashMap<String, (String, Instant)>,
    sweeps: u32,
    warm: bool,
}

impl Cache {
    fn new(limit: Duration) -> Self {
        Self { limit, entries: HashMap::new(), sweeps: 0, warm: false }
    }
}

#[handlers(message(derive(Clone)))]
impl Cache {
    /// Every 10 ms, from the start on and until the incarnation ends. If the actor is busy for a while, the
    /// missed ones are not made up for: there is no burst.
    #[handler(every = "10ms")]
    fn sweep(&mut self) {
        let limit = self.limit;
        self.entries.retain(|_, (_, put)| put.elapsed() < limit);
        self.sweeps += 1;
    }

    /// Once, 20 ms after the start.
    #[handler(after = "20ms")]
    fn warmed_up(&mut self) {
        self.warm = true;
    }

    #[handler]
    pub fn put(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.entries.insert(key.into(), (value.into(), Instant::now()));
    }

    #[handler]
    pub fn get(&self, key: impl Into<String>) -> Option<String> {
        self.entries.get(&key.into()).map(|(value, _)| value.clone())
    }

    #[handler]
    pub fn is_warm(&self) -> bool {
        self.warm
    }

    #[handler]
    pub fn sweeps(&self) -> u32 {
        self.sweeps
    }

    #[handler]
    pub fn lose_its_mind(&mut self) {
        panic!("on purpose");
    }

    /// Busy for a while, without answering anything else.
    #[handler]
    pub async fn stall(&mut self, pause: Duration) -> u32 {
        tokio::time::sleep(pause).await;
        self.sweeps
    }
}

#[supervisor]
pub struct Store {
    #[child(start = Cache::new(Duration::from_millis(150)))]
    pub cache: ActorRef<Cache>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    examples::expect_panics("on purpose");
    let system = System::new("store");
    let store = system.start(Store::spec()).await?;
    let cache = &store.cache;

    // Declared timers: `every` and `after`.
    cache.put("greeting", "hello").await?;
    assert_eq!(cache.get("greeting").await?.as_deref(), Some("hello"));
    until("the cache is warm", async || cache.is_warm().await == Ok(true)).await;
    until("the entry has expired", async || cache.get("greeting").await == Ok(None)).await;
    println!("warm, and the entry has expired after {} sweeps", cache.sweeps().await?);

    // Any request can be sent later. The timer is this handle: dropped, it is cancelled.
    let later = cache.put("late", "1").tell_after(Duration::from_millis(100));
    assert_eq!(cache.get("late").await?, None, "never before its time");
    until("the delayed message has arrived", async || cache.get("late").await != Ok(None)).await;
    drop(later);

    let never = cache.put("never", "1").tell_after(Duration::from_millis(20));
    never.cancel();
    tokio::time::sleep(Duration::from_millis(40)).await;
    assert_eq!(cache.get("never").await?, None, "a cancelled timer sends nothing");

    // Or again and again: this heartbeat keeps an entry fresh that would have expired.
    let heartbeat = cache.put("alive", "yes").tell_every(Duration::from_millis(10));
    until("the first beat has arrived", async || cache.get("alive").await != Ok(None)).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(cache.get("alive").await?.as_deref(), Some("yes"));
    heartbeat.cancel();
    until("it has expired without its heartbeat", async || cache.get("alive").await == Ok(None)).await;

    // A stall of twenty periods is followed by one sweep, or two if the next is due anyway; not by twenty.
    let before = cache.stall(Duration::from_millis(200)).await?;
    let burst = cache.sweeps().await? - before;
    println!("after a stall of 20 periods: {burst} sweep(s) at once");
    assert!(burst <= 2, "no burst after a stall");

    // A restart ends the timers of the old incarnation and starts those of the new one: neither lost nor doubled.
    let timers = system.counters().timers;
    let crashed = cache.lose_its_mind().await;
    assert!(matches!(crashed, Err(AskError::Crashed { .. })));
    assert!(!cache.is_warm().await?, "a new incarnation begins its `after` anew");
    until("it is warm again", async || cache.is_warm().await == Ok(true)).await;
    until("it sweeps again", async || cache.sweeps().await.is_ok_and(|sweeps| sweeps > 2)).await;
    assert_eq!(system.counters().timers, timers, "one `every` before, one `every` after");

    // Timers keep nobody alive, and the end of the system is the end of them.
    assert!(system.shutdown().await.is_clean());
    assert_eq!(system.counters().timers, 0);
    Ok(())
}

/// Waits for a condition instead of guessing how long it takes; gives up after five seconds.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while !holds().await {
        assert!(Instant::now() < deadline, "not within five seconds: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
