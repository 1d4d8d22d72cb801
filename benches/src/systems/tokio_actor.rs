//! The same by hand: a task, a bounded mpsc, a oneshot an answer, and a loop that restarts what panics.
//!
//! With a time limit an ask (`Tokio actor`), as every ask of ours has one: the like-for-like column. Without
//! (`no time limit`), an ask is two channels and nothing else.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::{BOUND, Finish, Framework, LIMIT, Neighbours, Shape, skynet_children};

#[derive(Clone)]
pub struct TokioActor<const LIMITED: bool>;

pub enum Message {
    Add(u64),
    Ask(u64, oneshot::Sender<u64>),
    Boom,
}

/// The time limit that an ask has without one set at the call.
const DEFAULT_LIMIT: Duration = Duration::from_secs(5);

/// Runs until nobody can tell it anything any more.
async fn count(mail: &mut mpsc::Receiver<Message>) {
    let mut value = 0;
    while let Some(message) = mail.recv().await {
        match message {
            Message::Add(by) => value += by,
            Message::Ask(by, answer) => {
                value += by;
                let _ = answer.send(value);
            }
            // Not `panic!`: the hook would write to the terminal.
            Message::Boom => std::panic::resume_unwind(Box::new("boom")),
        }
    }
}

#[inline]
async fn ask(to: &mpsc::Sender<Message>, by: u64, limit: Option<Duration>) -> u64 {
    let (answer, answered) = oneshot::channel();
    let exchange = async {
        to.send(Message::Ask(by, answer)).await.ok()?;
        answered.await.ok()
    };
    match limit {
        Some(limit) => tokio::time::timeout(limit, exchange).await.ok().flatten(),
        None => exchange.await,
    }
    .expect("the counter lives")
}

pub enum HopperMessage {
    Meet(usize, Shape, Arc<[mpsc::Sender<HopperMessage>]>),
    Hop(u64),
}

async fn run_hopper(mut mail: mpsc::Receiver<HopperMessage>, finish: Arc<Finish>) {
    let mut neighbours = None;
    while let Some(message) = mail.recv().await {
        match message {
            HopperMessage::Meet(place, shape, all) => neighbours = Some(Neighbours::of(place, shape, &all)),
            HopperMessage::Hop(0) => finish.token(),
            HopperMessage::Hop(left) => {
                if let Some(neighbours) = &mut neighbours {
                    let _ = neighbours.next().try_send(HopperMessage::Hop(left - 1));
                }
            }
        }
    }
}

pub enum SkynetMessage {
    Start(u64, u64),
    Sum(u64),
}

enum Parent {
    Actor(mpsc::Sender<SkynetMessage>),
    Asker(oneshot::Sender<u64>),
}

impl Parent {
    async fn tell(self, sum: u64) {
        match self {
            Self::Actor(parent) => {
                let _ = parent.send(SkynetMessage::Sum(sum)).await;
            }
            Self::Asker(answer) => {
                let _ = answer.send(sum);
            }
        }
    }
}

/// Tells its parent the sum of the leaves below it, and ends.
fn spawn_skynet(parent: Parent) -> mpsc::Sender<SkynetMessage> {
    let (to, mail) = mpsc::channel(BOUND);
    tokio::spawn(run_skynet(to.clone(), mail, parent));
    to
}

async fn run_skynet(
    this: mpsc::Sender<SkynetMessage>,
    mut mail: mpsc::Receiver<SkynetMessage>,
    parent: Parent,
) {
    let (mut sum, mut waits_for) = (0, 10);
    while let Some(message) = mail.recv().await {
        match message {
            SkynetMessage::Start(number, 1) => return parent.tell(number).await,
            SkynetMessage::Start(number, size) => {
                for number in skynet_children(number, size) {
                    let child = spawn_skynet(Parent::Actor(this.clone()));
                    let _ = child.send(SkynetMessage::Start(number, size / 10)).await;
                }
            }
            SkynetMessage::Sum(of) => {
                sum += of;
                waits_for -= 1;
                if waits_for == 0 {
                    return parent.tell(sum).await;
                }
            }
        }
    }
}

impl<const LIMITED: bool> Framework for TokioActor<LIMITED> {
    type Counter = mpsc::Sender<Message>;
    type Hopper = mpsc::Sender<HopperMessage>;
    type Publisher = mpsc::Sender<oneshot::Sender<()>>;
    type Guarded = mpsc::Sender<Message>;
    type Child = ();

    fn new() -> Self {
        Self
    }

    async fn counter(&self) -> mpsc::Sender<Message> {
        let (to, mut mail) = mpsc::channel(BOUND);
        tokio::spawn(async move { count(&mut mail).await });
        to
    }

    #[inline]
    async fn tell(to: &mpsc::Sender<Message>, by: u64) {
        to.send(Message::Add(by)).await.expect("the counter lives");
    }

    #[inline]
    async fn ask(to: &mpsc::Sender<Message>, by: u64) -> u64 {
        ask(to, by, LIMITED.then_some(DEFAULT_LIMIT)).await
    }

    #[inline]
    async fn ask_within(to: &mpsc::Sender<Message>, by: u64) -> u64 {
        ask(to, by, Some(LIMIT)).await
    }

    #[inline]
    async fn spawn_and_stop(&self) {
        let (to, mut mail) = mpsc::channel(BOUND);
        let task = tokio::spawn(async move { count(&mut mail).await });
        drop(to);
        task.await.expect("it ends without a panic");
    }

    async fn hoppers(
        &self,
        count: usize,
        shape: Shape,
        finish: Arc<Finish>,
    ) -> Vec<mpsc::Sender<HopperMessage>> {
        let all: Arc<[_]> = (0..count)
            .map(|_| {
                let (to, mail) = mpsc::channel(BOUND);
                tokio::spawn(run_hopper(mail, finish.clone()));
                to
            })
            .collect();
        for (place, hopper) in all.iter().enumerate() {
            let _ = hopper.send(HopperMessage::Meet(place, shape, all.clone())).await;
        }
        all.to_vec()
    }

    #[inline]
    async fn hop(to: &mpsc::Sender<HopperMessage>, left: u64) {
        let _ = to.send(HopperMessage::Hop(left)).await;
    }

    async fn publisher(&self, to: Vec<mpsc::Sender<Message>>) -> mpsc::Sender<oneshot::Sender<()>> {
        let (publisher, mut mail) = mpsc::channel::<oneshot::Sender<()>>(BOUND);
        tokio::spawn(async move {
            while let Some(done) = mail.recv().await {
                for counter in &to {
                    let _ = counter.try_send(Message::Add(1));
                }
                let _ = done.send(());
            }
        });
        publisher
    }

    #[inline]
    async fn publish(by: &mpsc::Sender<oneshot::Sender<()>>) {
        let (done, published) = oneshot::channel();
        let _ = by.send(done).await;
        published.await.expect("the publisher lives");
    }

    async fn guarded(&self) -> Option<mpsc::Sender<Message>> {
        let (to, mail) = mpsc::channel(BOUND);
        // An incarnation gives the mailbox back by dropping the guard.
        let mail = Arc::new(tokio::sync::Mutex::new(mail));
        tokio::spawn(async move {
            loop {
                let mail = mail.clone();
                let incarnation = tokio::spawn(async move { count(&mut *mail.lock().await).await });
                if incarnation.await.is_ok() {
                    break;
                }
            }
        });
        Some(to)
    }

    #[inline]
    async fn crash(it: &mut mpsc::Sender<Message>) -> u64 {
        let _ = it.send(Message::Boom).await;
        Self::ask(it, 1).await
    }

    async fn skynet(&self, leaves: u64) -> u64 {
        let (answer, answered) = oneshot::channel();
        let _ = spawn_skynet(Parent::Asker(answer)).send(SkynetMessage::Start(0, leaves)).await;
        answered.await.expect("the leaves answer")
    }

    async fn children(&self, _count: usize) -> Option<Vec<()>> {
        None
    }
}
