//! A worker: it handles messages, and does to itself what it is told to.

use std::sync::Arc;

use airssys_rt::prelude::*;

use crate::faults::Kind;
use crate::ledger::{BadStart, Ledger, Life};

/// Stands in the text of every panic and error that is wanted.
pub const WANTED: &str = "storm:";

/// Published now and then; every worker is subscribed.
#[derive(Clone, Debug)]
pub struct Weather;

/// A small mailbox, so that senders wait, and a timer, so that there is one to leave behind.
#[actor(mailbox(capacity = 64))]
pub struct Worker {
    life: Life,
    bad_handler: bool,
    bad_stop: bool,
    bad_drop: bool,
}

impl Worker {
    /// Makes a new incarnation of a place, as badly as the storm has ordered.
    pub async fn open(ledger: &Arc<Ledger>, place: usize) -> ActorResult<Self> {
        let mut bad_handler = false;
        match ledger.next_start(place) {
            None => {}
            Some(BadStart::Error) => return Err(ActorError::msg("storm: it does not start")),
            Some(BadStart::Panic) => panic!("storm: it panics at its start"),
            Some(BadStart::Handler) => bad_handler = true,
            Some(BadStart::Slow) => tokio::time::sleep(Duration::from_millis(2)).await,
        }
        let life = Life::begin(ledger, place);
        Ok(Self { life, bad_handler, bad_stop: false, bad_drop: false })
    }

    /// The fault is in hand: from now on the time counts.
    fn struck(&self, kind: Kind) {
        self.life.ledger.wound(self.life.place, kind, kind.restarts());
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.bad_drop {
            // The fields are dropped all the same.
            panic!("storm: it panics in its destructor");
        }
    }
}

#[handlers]
impl Worker {
    #[handler(start)]
    async fn started(&mut self) -> ActorResult<()> {
        if self.bad_handler {
            return Err(ActorError::msg("storm: its start handler fails"));
        }
        Ok(())
    }

    #[handler(stop)]
    async fn stopping(&mut self) {
        if self.bad_stop {
            panic!("storm: its stop handler panics");
        }
    }

    #[handler(error)]
    fn failed(&mut self, error: &ActorError) -> ErrorAction {
        if error.to_string().contains("for those above") {
            ErrorAction::Escalate
        } else {
            ErrorAction::Restart
        }
    }

    #[handler(every = "20ms")]
    fn tick(&mut self) {
        drop(self.life.turn());
    }

    #[handler(event)]
    fn weather(&mut self, _weather: Weather) {
        self.life.turn().complete();
    }

    /// The work: a message handled at once.
    #[handler]
    pub fn work(&mut self, id: u64) -> u64 {
        let turn = self.life.turn();
        self.life.ledger.handle(&self.life, id);
        turn.complete();
        id
    }

    /// The same with an await in the middle, where a kill can cut it short.
    #[handler]
    pub async fn work_slowly(&mut self, id: u64) -> u64 {
        let turn = self.life.turn();
        tokio::task::yield_now().await;
        self.life.ledger.handle(&self.life, id);
        turn.complete();
        id
    }

    #[handler]
    pub fn panic(&mut self) {
        let _turn = self.life.turn();
        self.struck(Kind::Panic);
        panic!("storm: a handler panics");
    }

    #[handler]
    pub async fn panic_later(&mut self) {
        let _turn = self.life.turn();
        tokio::task::yield_now().await;
        self.struck(Kind::PanicLater);
        panic!("storm: an async handler panics");
    }

    #[handler]
    pub fn fail(&mut self) -> ActorResult<()> {
        let _turn = self.life.turn();
        self.struck(Kind::Error);
        Err(ActorError::msg("storm: a handler fails"))
    }

    #[handler]
    pub fn escalate(&mut self) -> ActorResult<()> {
        let _turn = self.life.turn();
        self.struck(Kind::Escalation);
        Err(ActorError::msg("storm: a failure for those above"))
    }

    /// Nothing breaks, but everybody waits.
    #[handler]
    pub async fn delay(&mut self, time: Duration) {
        let turn = self.life.turn();
        self.struck(Kind::Delay);
        tokio::time::sleep(time).await;
        turn.complete();
    }

    /// The same for an asker that goes away.
    #[handler]
    pub async fn delay_nobody(&mut self, time: Duration) {
        let turn = self.life.turn();
        self.struck(Kind::AskerAborted);
        tokio::time::sleep(time).await;
        turn.complete();
    }

    #[handler]
    pub fn stop_badly(&mut self, ctx: &mut Context<Self>) {
        let turn = self.life.turn();
        self.struck(Kind::BadStop);
        self.bad_stop = true;
        ctx.stop();
        turn.complete();
    }

    #[handler]
    pub fn drop_badly(&mut self, ctx: &mut Context<Self>) {
        let turn = self.life.turn();
        self.struck(Kind::BadDrop);
        self.bad_drop = true;
        ctx.stop();
        turn.complete();
    }

    /// The next starts go wrong, and then there is one.
    #[handler]
    pub fn start_badly(&mut self, starts: Vec<BadStart>) {
        let _turn = self.life.turn();
        self.struck(Kind::BadStarts);
        self.life.ledger.spoil_starts(self.life.place, starts);
        panic!("storm: a handler panics before bad starts");
    }

    /// Lights a fuse that it is linked to.
    #[handler]
    pub fn link_badly(&mut self, ctx: &mut Context<Self>) {
        let turn = self.life.turn();
        self.struck(Kind::LinkedExit);
        let fuse = ctx.spawn_child(Fuse);
        ctx.link(&fuse);
        ctx.monitor(&fuse);
        // It has room for one message.
        let _ = fuse.blow().try_tell();
        turn.complete();
    }
}

/// Crashes, and takes down who is linked to it.
#[actor]
pub struct Fuse;

#[handlers]
impl Fuse {
    #[handler]
    fn blow(&mut self) {
        panic!("storm: the fuse blows");
    }
}
