//! The program of the "Coming from" chapters by hand, on Tokio's channels and tasks.

// ANCHOR: program
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot};

enum Message {
    Add { by: u64, reply: Option<oneshot::Sender<u64>> },
    Share { among: u64, reply: oneshot::Sender<u64> },
}

async fn run(mail: &mut mpsc::Receiver<Message>) {
    let mut value = 0;
    while let Some(message) = mail.recv().await {
        match message {
            Message::Add { by, reply } => {
                value += by;
                if let Some(reply) = reply {
                    let _ = reply.send(value);
                }
            }
            Message::Share { among, reply } => {
                let _ = reply.send(value / among);
            }
        }
    }
}

/// The mailbox outlives a crash behind a lock; three restarts are all.
fn supervise(mail: mpsc::Receiver<Message>) {
    let mail = Arc::new(Mutex::new(mail));
    tokio::spawn(async move {
        for _ in 0..=3 {
            let mail = mail.clone();
            let incarnation = tokio::spawn(async move { run(&mut *mail.lock().await).await });
            if incarnation.await.is_ok() {
                break;
            }
        }
    });
}

async fn ask(
    to: &mpsc::Sender<Message>,
    message: impl FnOnce(oneshot::Sender<u64>) -> Message,
) -> Option<u64> {
    let (reply, answer) = oneshot::channel();
    let exchange = async {
        to.send(message(reply)).await.ok()?;
        answer.await.ok()
    };
    tokio::time::timeout(Duration::from_secs(5), exchange).await.ok().flatten()
}

#[tokio::main]
async fn main() {
    let (counter, mail) = mpsc::channel(1_024);
    supervise(mail);

    let _ = counter.send(Message::Add { by: 2, reply: None }).await;
    let asked = ask(&counter, |reply| Message::Add { by: 40, reply: Some(reply) }).await;
    assert_eq!(asked, Some(42));
    let crashed = ask(&counter, |reply| Message::Share { among: 0, reply }).await;
    assert_eq!(crashed, None); // no reason: the channel was dropped, or it took too long
    let fresh = ask(&counter, |reply| Message::Add { by: 1, reply: Some(reply) }).await;
    assert_eq!(fresh, Some(1));
}
// ANCHOR_END: program

#[test]
fn the_same_on_plain_tokio_runs() {
    main();
}
