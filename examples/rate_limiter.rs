//! A rate limiter: one token bucket for each client, started on demand, refilled by a timer, gone when it is idle.
//!
//! The gate knows which client has which bucket. It hands each question on to the bucket, together with the right to answer
//! it, so a slow client keeps no other one waiting. A bucket that crashes is forgotten, and the next question of its client
//! starts a new one. The clock of `main` is paused: what takes seconds here takes no time.

use std::collections::HashMap;

use airssys_rt::prelude::*;
use tokio::time::Instant;

/// How often a bucket gets new tokens.
const TICK: Duration = Duration::from_millis(100);

/// What every bucket obeys.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Limits {
    /// The most tokens that a bucket holds.
    capacity: u32,
    /// The tokens that a bucket gets with each tick; at least one.
    per_tick: u32,
    /// A full bucket that was not asked for that long goes away.
    idle: Duration,
}

/// The answer of the limiter.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Decision {
    /// Go on; so many tokens are left.
    Allowed { left: u32 },
    /// Not now. After `retry_after` there are enough tokens, unless somebody else has taken them.
    Denied { retry_after: Duration },
    /// The cost is more than a full bucket.
    Never,
}

/// Holds the limits. It stands above all others, and does nothing that could crash.
#[actor]
struct Config {
    limits: Limits,
}

#[handlers]
impl Config {
    #[handler]
    fn get(&self) -> Limits {
        self.limits
    }

    /// Sets the limits, and answers how many buckets were told. A bucket whose mailbox is full misses the change; whoever
    /// sees fewer buckets told than there are sets the limits once more.
    #[handler]
    fn set(&mut self, ctx: &mut Context<Self>, limits: Limits) -> usize {
        self.limits = limits;
        ctx.publish(limits)
    }
}

/// A bucket has not been asked for a while. Published by the bucket, heard by the gate.
#[derive(Clone)]
struct Idle(ProcessId);

/// A question of a client, with the right to answer it.
struct Take {
    cost: u32,
    reply: ReplyTo<Decision>,
}

/// The tokens of one client.
#[actor(mailbox(capacity = 64))]
struct Bucket {
    client: String,
    config: ActorRef<Config>,
    limits: Limits,
    tokens: u32,
    ticked: Instant,
    used: Instant,
}

impl Bucket {
    async fn open(client: String, config: ActorRef<Config>) -> Result<Self, AskError> {
        let limits = config.get().await?;
        let now = Instant::now();
        Ok(Self { client, config, limits, tokens: limits.capacity, ticked: now, used: now })
    }

    fn decide(&mut self, cost: u32) -> Decision {
        if cost > self.limits.capacity {
            return Decision::Never;
        }
        if let Some(left) = self.tokens.checked_sub(cost) {
            self.tokens = left;
            return Decision::Allowed { left };
        }
        let ticks = (cost - self.tokens).div_ceil(self.limits.per_tick);
        Decision::Denied { retry_after: (TICK * ticks).saturating_sub(self.ticked.elapsed()) }
    }
}

#[handlers]
impl Bucket {
    /// Reads the limits once more: they may have changed between the start expression and the subscription.
    #[handler(start)]
    async fn begin(&mut self) -> ActorResult<()> {
        self.limits = self.config.get().await?;
        self.tokens = self.limits.capacity;
        Ok(())
    }

    /// Answers in the place of the gate.
    #[handler(message)]
    fn take(&mut self, take: Take) {
        self.used = Instant::now();
        take.reply.send(self.decide(take.cost));
    }

    #[handler(every = "100ms")]
    fn refill(&mut self, ctx: &mut Context<Self>) {
        self.ticked = Instant::now();
        self.tokens = self.limits.capacity.min(self.tokens + self.limits.per_tick);
        if self.is_idle() {
            ctx.publish(Idle(ctx.pid()));
        }
    }

    #[handler]
    fn is_idle(&self) -> bool {
        self.tokens == self.limits.capacity && self.used.elapsed() >= self.limits.idle
    }

    #[handler(event)]
    fn limits_changed(&mut self, limits: Limits) {
        self.limits = limits;
        self.tokens = self.tokens.min(limits.capacity);
    }

    #[handler]
    fn client(&self) -> String {
        self.client.clone()
    }

    /// Stands for a bug.
    #[handler]
    fn burst(&mut self) {
        panic!("a bug");
    }
}

/// Knows the bucket of each client, and starts it when there is none.
#[actor]
struct Gate {
    children: Children<Bucket, String>,
    buckets: HashMap<String, ActorRef<Bucket>>,
    clients: HashMap<ProcessId, String>,
}

#[handlers]
impl Gate {
    #[handler(start)]
    fn begin(&mut self, ctx: &mut Context<Self>) {
        ctx.continue_with(GateMessage::Adopt);
    }

    /// After a crash of the gate the buckets are still there. A step of its own, since a start handler that asks its own
    /// supervisor would wait for itself.
    #[handler]
    async fn adopt(&mut self, ctx: &mut Context<Self>) -> ActorResult<()> {
        for bucket in self.children.members().await? {
            if let Ok(client) = bucket.client().await {
                self.know(ctx, client, bucket);
            }
        }
        Ok(())
    }

    /// The bucket answers in the place of the gate, which goes on meanwhile.
    #[handler]
    async fn allow(
        &mut self,
        ctx: &mut Context<Self>,
        client: impl Into<String>,
        cost: u32,
        reply: ReplyTo<Decision>,
    ) {
        let client = client.into();
        let mut take = Take { cost, reply };
        if let Some(bucket) = self.buckets.get(&client) {
            match bucket.try_tell(take) {
                Ok(()) => return,
                Err(TrySendError::Full(take)) => {
                    return take.reply.send(Decision::Denied { retry_after: TICK });
                }
                // It has crashed, and the notice is on its way.
                Err(stopped) => take = stopped.into_message(),
            }
        }
        match self.children.start(client.clone()).await {
            Ok(bucket) => {
                // A new mailbox has room. If the bucket has crashed already, the asker gets `NoReply`.
                let _ = bucket.try_tell(take);
                self.know(ctx, client, bucket);
            }
            Err(error) => ctx.fail(error),
        }
    }

    #[handler]
    fn bucket(&self, client: impl Into<String>) -> Option<ActorRef<Bucket>> {
        self.buckets.get(&client.into()).cloned()
    }

    /// Only the gate sends questions to a bucket. So none is on its way here, and a bucket that still is idle can go.
    #[handler(event)]
    async fn idle(&mut self, Idle(pid): Idle) {
        let Some(client) = self.clients.get(&pid) else { return };
        let Some(bucket) = self.buckets.get(client) else { return };
        if bucket.is_idle().await == Ok(true) {
            let bucket = bucket.clone();
            self.forget(pid);
            let _ = bucket.drain().await;
        }
    }

    #[handler(down)]
    fn bucket_gone(&mut self, down: Down) {
        self.forget(down.pid);
    }

    /// Stands for a bug.
    #[handler]
    fn trip(&mut self) {
        panic!("a bug");
    }

    fn know(&mut self, ctx: &mut Context<Self>, client: String, bucket: ActorRef<Bucket>) {
        ctx.monitor(&bucket);
        self.clients.insert(bucket.pid(), client.clone());
        if let Some(old) = self.buckets.insert(client, bucket) {
            self.clients.remove(&old.pid());
        }
    }

    fn forget(&mut self, pid: ProcessId) {
        if let Some(client) = self.clients.remove(&pid) {
            self.buckets.remove(&client);
        }
    }
}

/// Buckets are temporary: a crash of one uses up nothing of the budget, so no number of crashes harms the others.
#[supervisor(strategy = "rest_for_one")]
struct Limiter {
    limits: Limits,

    #[child(start = Config { limits })]
    config: ActorRef<Config>,

    #[child(start = |client: String| Bucket::open(client, config).await?, restart = "temporary")]
    buckets: Children<Bucket, String>,

    #[child(start = Gate { children: buckets, buckets: HashMap::new(), clients: HashMap::new() })]
    gate: ActorRef<Gate>,
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The bugs below are meant; say nothing of them.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload().downcast_ref::<&str>() != Some(&"a bug") {
            hook(info);
        }
    }));

    let system = System::new("limiter");
    let limits = Limits { capacity: 10, per_tick: 1, idle: Duration::from_secs(2) };
    let limiter = system.start(Limiter::spec(limits)).await?;
    let gate = &limiter.gate;

    // The answers, and that `retry_after` is neither too short nor too long.
    assert_eq!(gate.allow("ada", 4).await?, Decision::Allowed { left: 6 });
    assert_eq!(gate.allow("ada", 11).await?, Decision::Never);
    let Decision::Denied { retry_after } = gate.allow("ada", 8).await? else { panic!("not denied") };
    assert_eq!(retry_after, 2 * TICK);
    tokio::time::sleep(retry_after - Duration::from_millis(50)).await;
    assert!(matches!(gate.allow("ada", 8).await?, Decision::Denied { .. }));
    tokio::time::sleep(Duration::from_millis(51)).await;
    assert_eq!(gate.allow("ada", 8).await?, Decision::Allowed { left: 0 });

    // A hundred crashes of one bucket: its client gets a full one each time, and nobody else notices.
    for _ in 0..100 {
        assert_eq!(gate.allow("ben", 10).await?, Decision::Allowed { left: 0 });
        let bucket = gate.bucket("ben").await?.ok_or("ben has no bucket")?;
        assert!(matches!(bucket.burst().await, Err(AskError::Crashed { .. })));
    }
    assert!(matches!(gate.allow("ada", 1).await?, Decision::Denied { .. }));
    assert_eq!(limiter.health().await?.recent_restarts, 0);

    // The gate crashes: it finds the buckets again, as they were.
    assert!(gate.trip().await.is_err());
    assert!(matches!(gate.allow("ada", 1).await?, Decision::Denied { .. }));
    assert_eq!(gate.process().restarts(), 1);

    // Other limits, for buckets that run and for those to come.
    let told = limiter.config.set(Limits { capacity: 20, per_tick: 5, ..limits }).await?;
    assert_eq!(told, 1);
    tokio::time::sleep(TICK).await;
    assert_eq!(gate.allow("ada", 5).await?, Decision::Allowed { left: 0 });
    assert_eq!(gate.allow("cy", 20).await?, Decision::Allowed { left: 0 });

    // Many clients at once: each gets what a bucket holds, and not one token more.
    let asks: Vec<_> = (0..3_000)
        .map(|n| tokio::spawn(gate.allow(format!("client {}", n % 100), 1).owned().ask()))
        .collect();
    let mut allowed = 0;
    for ask in asks {
        allowed += u32::from(matches!(ask.await??, Decision::Allowed { .. }));
    }
    assert_eq!(allowed, 100 * 20);
    let most = limiter.buckets.members().await?.len();
    assert_eq!(most, 102);

    // Whoever asks keeps a bucket; the others go by themselves.
    for _ in 0..50 {
        tokio::time::sleep(TICK).await;
        gate.allow("ada", 1).await?;
    }
    let members = limiter.buckets.members().await?;
    assert_eq!(members, [gate.bucket("ada").await?.ok_or("ada has no bucket")?]);
    assert_eq!(gate.allow("cy", 0).await?, Decision::Allowed { left: 20 });

    println!("{allowed} of 3000 requests allowed, {most} buckets at most, {} left of those", members.len());
    println!("100 buckets crashed, {} restart", gate.process().restarts());
    assert!(system.shutdown().await.is_clean());
    Ok(())
}
