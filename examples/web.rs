//! A web service on axum: an actor behind it, its health from the supervisor, an ordered end on SIGTERM.
//!
//! ```sh
//! cargo run --example web                     # checks itself over loopback and exits
//! cargo run --example web -- 127.0.0.1:8080   # serves until Ctrl-C or SIGTERM
//! ```
//!
//! ```text
//! Service                 rest_for_one
//! ├─ shop                 a supervisor of its own: its health is the service's health
//! │  └─ stock             the state
//! └─ front                the listener: started last, so stopped first
//! ```
//!
//! The order of the fields is all that an ordered end needs. On SIGTERM the front stops accepting and waits for the
//! requests in hand; these still find the stock, since it ends only afterwards.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use airssys_rt::prelude::*;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;

/// How many of a thing there are.
#[actor]
pub struct Stock {
    left: u64,
}

/// An answer of the stock, not a failure of it: 409 at the door, and nothing restarts.
#[derive(Debug, thiserror::Error)]
#[error("sold out: {left} left")]
pub struct SoldOut {
    left: u64,
}

#[handlers]
impl Stock {
    #[handler]
    pub fn left(&self) -> u64 {
        self.left
    }

    #[handler]
    pub fn buy(&mut self, count: u64) -> Result<u64, SoldOut> {
        let left = self.left.checked_sub(count).ok_or(SoldOut { left: self.left })?;
        self.left = left;
        Ok(left)
    }

    /// Takes its time.
    #[handler]
    pub async fn count_by_hand(&mut self) -> u64 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.left
    }

    #[handler]
    pub fn drop_everything(&mut self) {
        panic!("butterfingers");
    }
}

#[supervisor]
pub struct Shop {
    #[child(start = Stock { left: 10 })]
    pub stock: ActorRef<Stock>,
}

/// The listener, as an actor: so it has a place in the order of starting and stopping.
#[actor]
pub struct Front {
    listener: Option<TcpListener>,
    shop: Supervised<Shop>,
    close: Option<oneshot::Sender<()>>,
    closed: Option<oneshot::Receiver<()>>,
}

impl Front {
    /// The socket is opened once and cloned for each incarnation: while a crashed front restarts, connections wait
    /// in the system's queue and none is refused.
    fn new(listener: &TcpListener, shop: Supervised<Shop>) -> std::io::Result<Self> {
        Ok(Self { listener: Some(listener.try_clone()?), shop, close: None, closed: None })
    }
}

/// axum has ended, with or without an error.
struct Ended(std::io::Result<()>);

#[handlers]
impl Front {
    #[handler(start)]
    fn serve(&mut self, ctx: &mut Context<Self>) -> ActorResult<()> {
        let listener = self.listener.take().ok_or_else(|| ActorError::msg("started once per incarnation"))?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let app = routes(self.shop.clone());
        let (close, closing) = oneshot::channel();
        let (ended, closed) = oneshot::channel();
        // The server runs beside the actor and ends with it; its result comes back as a message.
        ctx.pipe(
            async move {
                let graceful = async { drop(closing.await) };
                let outcome = axum::serve(listener, app).with_graceful_shutdown(graceful).await;
                drop(ended);
                outcome
            },
            Ended,
        );
        self.close = Some(close);
        self.closed = Some(closed);
        Ok(())
    }

    /// Nobody asked the server to end, so it is a failure: the supervisor starts a new one.
    #[handler(message)]
    fn ended(&mut self, Ended(outcome): Ended) -> ActorResult<()> {
        outcome?;
        Err(ActorError::msg("the server ended by itself"))
    }

    /// Accepts no more, and waits for the requests in hand. Its `shutdown` limits how long.
    #[handler(stop)]
    async fn finish(&mut self) {
        self.close.take();
        if let Some(closed) = self.closed.take() {
            let _ = closed.await;
        }
    }
}

#[supervisor(strategy = "rest_for_one")]
pub struct Service {
    listener: Arc<TcpListener>,

    #[child(start = Shop::spec())]
    pub shop: Supervised<Shop>,

    #[child(start = Front::new(&listener, shop)?, shutdown = "10s")]
    pub front: ActorRef<Front>,
}

/// The routes. Their state is the handle of a supervisor, with the references of its actors inside: cheap to clone,
/// and right through every restart.
fn routes(shop: Supervised<Shop>) -> Router {
    Router::new()
        .route("/left", get(left))
        .route("/buy/{count}", post(buy))
        .route("/count", get(count))
        .route("/drop", post(drop_everything))
        .route("/health", get(health))
        .with_state(shop)
}

type Answer = (StatusCode, Json<Value>);

/// What an ask that has no answer is over HTTP: the actor is busy or restarting, so try again.
fn unavailable(error: &AskError) -> Answer {
    let status = match error {
        AskError::Timeout { .. } => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(json!({ "error": error.to_string() })))
}

fn answer<T: Into<Value>>(result: Result<T, AskError>) -> Answer {
    match result {
        Ok(left) => (StatusCode::OK, Json(json!({ "left": left.into() }))),
        Err(error) => unavailable(&error),
    }
}

async fn left(State(shop): State<Supervised<Shop>>) -> Answer {
    answer(shop.stock.left().await)
}

async fn buy(State(shop): State<Supervised<Shop>>, Path(count): Path<u64>) -> Answer {
    match shop.stock.buy(count).timeout(Duration::from_secs(1)).await {
        Ok(Ok(left)) => (StatusCode::OK, Json(json!({ "left": left }))),
        Ok(Err(sold_out)) => (StatusCode::CONFLICT, Json(json!({ "error": sold_out.to_string() }))),
        Err(error) => unavailable(&error),
    }
}

async fn count(State(shop): State<Supervised<Shop>>) -> Answer {
    answer(shop.stock.count_by_hand().await)
}

async fn drop_everything(State(shop): State<Supervised<Shop>>) -> Answer {
    answer(shop.stock.drop_everything().await.map(|()| 0))
}

/// 200 while everybody runs; 503 while somebody waits for a restart, or when the shop has closed.
async fn health(State(shop): State<Supervised<Shop>>) -> Answer {
    match shop.health().await {
        Ok(health) => {
            let status = if health.is_healthy() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            let body = json!({
                "running": health.running,
                "restarting": health.restarting,
                "recent_restarts": health.recent_restarts,
            });
            (status, Json(body))
        }
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "error": error.to_string() }))),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0"))?;
    listener.set_nonblocking(true)?;
    let here = listener.local_addr()?;

    let system = System::new("web");
    let service = system.start(Service::spec(Arc::new(listener))).await?;
    println!("{}\nserving on http://{here}", system.tree());

    let check = address.is_none().then(|| tokio::spawn(check(here, service.shop.stock.clone())));
    // Waits for SIGINT or SIGTERM, then ends the front, the shop and everything else in reverse order.
    let report = system.run_until_signal().await?;
    assert!(report.is_clean(), "somebody would not end: {report:?}");
    if let Some(check) = check {
        check.await?;
        assert_eq!(service.front.process().exit_reason(), Some(ExitReason::Shutdown));
    }
    println!("ended in order");
    Ok(())
}

/// Is its own client, then sends itself SIGTERM while a request is in hand.
async fn check(here: SocketAddr, stock: ActorRef<Stock>) {
    examples::expect_panics("butterfingers");
    assert_eq!(request(here, "GET", "/left").await, (200, json!({ "left": 10 })));
    assert_eq!(request(here, "POST", "/buy/7").await, (200, json!({ "left": 3 })));
    assert_eq!(request(here, "POST", "/buy/7").await, (409, json!({ "error": "sold out: 3 left" })));
    let (status, health) = request(here, "GET", "/health").await;
    assert_eq!((status, &health["running"], &health["recent_restarts"]), (200, &json!(1), &json!(0)));

    // A crash is a 503 for the request that met it, and for no other. The health tells of it.
    assert_eq!(request(here, "POST", "/drop").await.0, 503);
    assert_eq!(request(here, "GET", "/left").await, (200, json!({ "left": 10 })));
    let (status, health) = request(here, "GET", "/health").await;
    println!("after a crash: {status} {health}");
    assert_eq!((status, &health["running"], &health["recent_restarts"]), (200, &json!(1), &json!(1)));

    // SIGTERM with a request in hand: it is answered before the service ends.
    let in_hand = tokio::spawn(request(here, "GET", "/count"));
    while stock.process().status() != ProcessStatus::Running {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let sent = std::process::Command::new("sh")
        .args(["-c", &format!("kill -TERM {}", std::process::id())])
        .status()
        .expect("a shell that can send a signal");
    assert!(sent.success());
    let answer = in_hand.await.expect("the request was answered");
    println!("the request in hand at SIGTERM: {} {}", answer.0, answer.1);
    assert_eq!(answer, (200, json!({ "left": 10 })));
}

/// A client of a few lines, so that the example needs no other crate.
async fn request(to: SocketAddr, method: &str, path: &str) -> (u16, Value) {
    let mut stream = tokio::net::TcpStream::connect(to).await.expect("the service accepts");
    let head =
        format!("{method} {path} HTTP/1.1\r\nhost: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("the request is sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("an answer arrives");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}
