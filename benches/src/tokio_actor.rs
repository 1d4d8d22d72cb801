//! The same by hand: a task, a bounded mpsc, a oneshot an answer, and a loop that restarts it.

use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use crate::{on_two_workers, per};

enum Message {
    Add(u64),
    Ask(u64, oneshot::Sender<u64>),
    Boom,
}

/// The time limit that a framework's ask has.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(5);

fn start() -> mpsc::Sender<Message> {
    let (to, mut mail) = mpsc::channel(1_024);
    tokio::spawn(async move {
        let mut value = 0;
        while let Some(message) = mail.recv().await {
            match message {
                Message::Add(by) => value += by,
                Message::Ask(by, answer) => {
                    value += by;
                    let _ = answer.send(value);
                }
                Message::Boom => value = 0,
            }
        }
    });
    to
}

async fn ask_once(to: &mpsc::Sender<Message>, by: u64) -> u64 {
    let (answer, answered) = oneshot::channel();
    let _ = to.send(Message::Ask(by, answer)).await;
    tokio::time::timeout(LIMIT, answered).await.unwrap().unwrap()
}

pub fn tell(producers: u64) -> f64 {
    const MESSAGES: u64 = 2_000_000;
    on_two_workers(async move {
        let counter = start();
        let began = Instant::now();
        let each = MESSAGES / producers;
        let tasks: Vec<_> = (0..producers)
            .map(|_| {
                let counter = counter.clone();
                tokio::spawn(async move {
                    for _ in 0..each {
                        let _ = counter.send(Message::Add(1)).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(ask_once(&counter, 0).await, each * producers);
        per(MESSAGES, began.elapsed())
    })
}

pub fn ask() -> f64 {
    const ASKS: u64 = 300_000;
    on_two_workers(async move {
        let counter = start();
        let began = Instant::now();
        for _ in 0..ASKS {
            ask_once(&counter, 1).await;
        }
        per(ASKS, began.elapsed())
    })
}

pub fn ask_many() -> f64 {
    const ASKS: u64 = 640_000;
    on_two_workers(async move {
        let counter = start();
        let began = Instant::now();
        let tasks: Vec<_> = (0..64)
            .map(|_| {
                let counter = counter.clone();
                tokio::spawn(async move {
                    for _ in 0..ASKS / 64 {
                        ask_once(&counter, 1).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        per(ASKS, began.elapsed())
    })
}

fn hops(actors: usize, hops: u64) -> f64 {
    on_two_workers(async move {
        let (done, ended) = oneshot::channel();
        let mut done = Some(done);
        let last = (hops % actors as u64) as usize;
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..actors).map(|_| mpsc::channel::<u64>(1_024)).unzip();
        for (place, mut mail) in receivers.into_iter().enumerate() {
            let next = senders[(place + 1) % actors].clone();
            let mut done = if place == last { done.take() } else { None };
            tokio::spawn(async move {
                while let Some(left) = mail.recv().await {
                    if left == 0 {
                        if let Some(done) = done.take() {
                            let _ = done.send(());
                        }
                    } else {
                        let _ = next.send(left - 1).await;
                    }
                }
            });
        }
        let began = Instant::now();
        senders[0].send(hops).await.unwrap();
        ended.await.unwrap();
        per(hops, began.elapsed())
    })
}

pub fn ping_pong() -> f64 {
    hops(2, 500_000)
}

pub fn ring() -> f64 {
    hops(1_000, 500_000)
}

pub fn spawn() -> f64 {
    const ACTORS: u64 = 100_000;
    on_two_workers(async move {
        let began = Instant::now();
        for _ in 0..ACTORS {
            let (to, mut mail) = mpsc::channel::<Message>(1_024);
            let task = tokio::spawn(async move { while mail.recv().await.is_some() {} });
            drop(to);
            task.await.unwrap();
        }
        per(ACTORS, began.elapsed())
    })
}

pub fn crash() -> f64 {
    const CRASHES: u64 = 20_000;
    on_two_workers(async move {
        let (to, mail) = mpsc::channel(1_024);
        let mail = std::sync::Arc::new(tokio::sync::Mutex::new(mail));
        tokio::spawn(async move {
            loop {
                let mail = mail.clone();
                let incarnation = tokio::spawn(async move {
                    let mut value = 0;
                    let mut mail = mail.lock().await;
                    while let Some(message) = mail.recv().await {
                        match message {
                            Message::Add(by) => value += by,
                            Message::Ask(by, answer) => {
                                value += by;
                                let _ = answer.send(value);
                            }
                            Message::Boom => std::panic::resume_unwind(Box::new("boom")),
                        }
                    }
                });
                if incarnation.await.is_ok() {
                    break;
                }
            }
        });
        let began = Instant::now();
        for _ in 0..CRASHES {
            let _ = to.send(Message::Boom).await;
            assert_eq!(ask_once(&to, 1).await, 1);
        }
        per(CRASHES, began.elapsed())
    })
}
