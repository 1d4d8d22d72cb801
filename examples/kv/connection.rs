//! A connection: an actor for one client.
//!
//! ```text
//!  socket ──► reader ──batch──► mailbox ──► serve ──► shards, all that are concerned at once
//!    ▲        (attached stream)               │            │ answers, in order
//!    └────────────────────────────────────────┴────────────┘
//! ```
//!
//! The reader reads on only as far as one batch ahead of what is answered, and `serve` writes as fast as the
//! client takes it. So a client that does not read stops being read from, and holds a bounded piece of memory.

use std::io;
use std::sync::Arc;

use airssys_rt::prelude::*;
use bytes::BytesMut;
use futures_util::stream;
use hashbrown::HashMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::blob::Blob;
use crate::channels::{Published, Subscription};
use crate::command::{Client, Command, NAMES};
use crate::keyspace::{Merge, Plan, not_answered};
use crate::reply::{Reply, Resp, array_header, bulk_header};
use crate::request::Decoder;
use crate::server::{Guest, Server};
use crate::shard::ShardApi;
use crate::store::{Lifetime, Op, When};

/// How much is read at once: at least and, where it was not enough, at most.
const READ: (usize, usize) = (1024, 64 * 1024);
/// How much is written at once.
const WRITE: usize = 64 * 1024;
/// A value from this length on is written from where it lies.
const DIRECT: usize = 16 * 1024;
/// As much buffer an idle connection keeps.
const KEPT: usize = 512;

// As many published messages may wait for a slow subscriber; what comes then is lost for it, and counted.
#[actor(mailbox(capacity = 1_024))]
#[derive(Debug)]
pub struct Connection {
    guest: Guest,
    reader: Option<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    output: Vec<u8>,
    resp: Resp,
    name: Blob,
    subscriptions: HashMap<Blob, Subscription>,
}

/// What was read at once.
#[derive(Debug)]
pub struct Batch {
    commands: Vec<Command>,
    end: Option<End>,
    /// Given back when all of it is answered.
    _turn: Option<OwnedSemaphorePermit>,
}

/// Why nothing follows.
#[derive(Debug)]
enum End {
    Closed,
    Malformed(String),
}

/// Whether the connection goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    GoOn,
    Close,
}

impl Connection {
    pub fn new(server: Arc<Server>, socket: Arc<TcpStream>) -> io::Result<Self> {
        // Nobody else holds it: a temporary child's argument is not kept.
        let socket = Arc::into_inner(socket).ok_or_else(|| io::Error::other("the socket is in use"))?;
        socket.set_nodelay(true)?;
        let (reader, writer) = socket.into_split();
        Ok(Self {
            guest: Guest::new(server),
            reader: Some(reader),
            writer,
            output: Vec::new(),
            resp: Resp::Two,
            name: Blob::from(""),
            subscriptions: HashMap::new(),
        })
    }
}

#[handlers]
impl Connection {
    #[handler(start)]
    fn open(&mut self, ctx: &mut Context<Self>) {
        let Some(input) = self.reader.take() else { return };
        let reader = Reader {
            input,
            decoder: Decoder::new(self.guest.server.settings.limits),
            buffer: BytesMut::new(),
            room: READ.0,
            usual: 1,
            turns: Arc::new(Semaphore::new(1)),
            ended: false,
        };
        let batches = stream::unfold(reader, |mut reader| async move {
            let batch = reader.next().await?;
            Some((batch, reader))
        });
        ctx.attach(batches, |batch| ConnectionMessage::Serve { batch });
    }

    /// Carries out what was read, and answers it in order.
    #[handler]
    async fn serve(&mut self, mut batch: Batch, ctx: &mut Context<Self>) {
        self.guest.server.count_commands(batch.commands.len());
        let commands = std::mem::take(&mut batch.commands);
        // An error is a client that has gone: nobody is left to be told.
        let next = self.answer(commands, batch.end.take(), ctx).await.unwrap_or(Next::Close);
        if next == Next::Close {
            let _ = self.writer.shutdown().await;
            ctx.stop();
        }
    }

    /// Passes a published message on, if it is for this client.
    #[handler(message)]
    async fn published(&mut self, event: Published, ctx: &mut Context<Self>) {
        let Some(message) = event.0.upgrade() else {
            // Too slow: what it missed is gone, and a gap nobody is told of would be a lie.
            return ctx.stop();
        };
        if !self.subscriptions.contains_key(&*message.channel) {
            return;
        }
        let push = Reply::Push(vec![
            Reply::bulk("message"),
            Reply::Bulk(message.channel.clone()),
            Reply::Bulk(message.payload.clone()),
        ]);
        drop(message);
        push.write(&mut self.output, self.resp);
        if self.flush().await.is_err() {
            ctx.stop();
        }
    }

    async fn answer(
        &mut self,
        commands: Vec<Command>,
        end: Option<End>,
        ctx: &mut Context<Self>,
    ) -> io::Result<Next> {
        let server = self.guest.server.clone();
        let directory = &server.directory;
        let mut plan = Plan::new(directory, commands.len());
        for command in commands {
            if self.is_out_of_place(&command) {
                plan.ready(Reply::error(
                    "ERR only SUBSCRIBE, UNSUBSCRIBE, PING and QUIT are allowed while subscribed in RESP2",
                ));
                continue;
            }
            match command {
                Command::Key(op) => plan.one(directory, op),
                Command::Mget(keys) => {
                    plan.many(directory, Merge::List, keys.into_iter().map(|key| Op::Get { key }));
                }
                Command::Mset(pairs) => plan.many(directory, Merge::Agree, pairs.into_iter().map(put)),
                Command::Del(keys) => {
                    plan.many(directory, Merge::Sum, keys.into_iter().map(|key| Op::Delete { key }));
                }
                Command::Exists(keys) => {
                    plan.many(directory, Merge::Sum, keys.into_iter().map(|key| Op::Exists { key }));
                }
                Command::DbSize => plan.every(Merge::Sum, Op::Count),
                Command::FlushAll => plan.every(Merge::Agree, Op::Flush),
                Command::Ping(None) if self.resp == Resp::Two && !self.subscriptions.is_empty() => {
                    plan.ready(Reply::Array(vec![Reply::bulk("pong"), Reply::bulk("")]));
                }
                Command::Ping(None) => plan.ready(Reply::Simple("PONG")),
                Command::Ping(Some(text)) | Command::Echo(text) => plan.ready(Reply::Bulk(text)),
                Command::Select => plan.ready(Reply::Ok),
                Command::HowMany => plan.ready(Reply::Int(NAMES)),
                Command::Described => plan.ready(Reply::Array(Vec::new())),
                Command::ConfigGet(patterns) => plan.ready(self.config(&patterns)),
                Command::ConfigOther => plan.ready(Reply::Ok),
                Command::Client(about) => {
                    let reply = self.client(about);
                    plan.ready(reply);
                }
                Command::Refused(text) => plan.ready(Reply::Error(text)),
                // What is before these has to be done first, and nothing behind them yet.
                alone => {
                    self.settle(&mut plan).await?;
                    if self.alone(alone, &mut plan, ctx).await? == Next::Close {
                        self.flush().await?;
                        return Ok(Next::Close);
                    }
                }
            }
        }
        self.settle(&mut plan).await?;
        let next = match end {
            None => Next::GoOn,
            Some(End::Closed) => Next::Close,
            Some(End::Malformed(why)) => {
                Reply::error(format!("ERR Protocol error: {why}")).write(&mut self.output, self.resp);
                Next::Close
            }
        };
        self.flush().await?;
        Ok(next)
    }

    async fn alone(
        &mut self,
        command: Command,
        plan: &mut Plan,
        ctx: &mut Context<Self>,
    ) -> io::Result<Next> {
        let server = self.guest.server.clone();
        match command {
            // An answer of any size, so one at a time.
            Command::Keys(pattern) => {
                plan.every(Merge::Join, Op::Keys { pattern });
                self.settle(plan).await?;
            }
            Command::Hello(resp, name) => {
                self.resp = resp.unwrap_or(self.resp);
                self.name = name.unwrap_or_else(|| self.name.clone());
                let version = if self.resp == Resp::Three { 3 } else { 2 };
                self.send(Reply::Map(vec![
                    (Reply::bulk("server"), Reply::bulk("airssys-kv")),
                    (Reply::bulk("version"), Reply::bulk("7.0.0")),
                    (Reply::bulk("proto"), Reply::Int(version)),
                    (Reply::bulk("id"), Reply::Int(self.guest.id as i64)),
                    (Reply::bulk("mode"), Reply::bulk("standalone")),
                    (Reply::bulk("role"), Reply::bulk("master")),
                    (Reply::bulk("modules"), Reply::Array(Vec::new())),
                ]))
                .await?;
            }
            Command::Quit => {
                self.send(Reply::Ok).await?;
                return Ok(Next::Close);
            }
            Command::Info => {
                let text = server.info(&ctx.system()).await;
                self.send(Reply::bulk(text)).await?;
            }
            Command::Publish(channel, payload) => {
                let listeners = server.board.publish(&ctx.system().events(), channel, payload);
                self.send(Reply::Int(listeners as i64)).await?;
            }
            Command::Subscribe(channels) => {
                for channel in channels {
                    // On the bus from the first channel on, and not before: most connections never are.
                    ctx.subscribe::<Published>();
                    if !self.subscriptions.contains_key(&*channel) {
                        let subscription = server.board.subscribe(channel.clone());
                        self.subscriptions.insert(channel.clone(), subscription);
                    }
                    self.confirm("subscribe", Some(channel)).await?;
                }
            }
            Command::Unsubscribe(mut channels) => {
                if channels.is_empty() {
                    channels = self.subscriptions.keys().cloned().collect();
                }
                if channels.is_empty() {
                    self.confirm("unsubscribe", None).await?;
                }
                for channel in channels {
                    self.subscriptions.remove(&*channel);
                    self.confirm("unsubscribe", Some(channel)).await?;
                }
                if self.subscriptions.is_empty() {
                    ctx.unsubscribe::<Published>();
                }
            }
            Command::DebugPanic(key) => {
                // A message of its own: nothing but this is in hand when the shard goes down.
                let outcome = server.directory.shard(&key).crash(key.clone()).await;
                let reply = outcome.map_or_else(|error| Reply::error(not_answered(&error)), |()| Reply::Ok);
                self.send(reply).await?;
            }
            _ => {}
        }
        Ok(Next::GoOn)
    }

    /// In RESP2 a subscriber's connection is for messages; anything else could be taken for one.
    fn is_out_of_place(&self, command: &Command) -> bool {
        self.resp == Resp::Two
            && !self.subscriptions.is_empty()
            && !matches!(
                command,
                Command::Subscribe(_)
                    | Command::Unsubscribe(_)
                    | Command::Ping(_)
                    | Command::Quit
                    | Command::Refused(_)
            )
    }

    async fn confirm(&mut self, what: &'static str, channel: Option<Blob>) -> io::Result<()> {
        let count = self.subscriptions.len() as i64;
        let channel = channel.map_or(Reply::Null, Reply::Bulk);
        self.send(Reply::Push(vec![Reply::bulk(what), channel, Reply::Int(count)])).await
    }

    fn config(&self, patterns: &[Blob]) -> Reply {
        let settings = &self.guest.server.settings;
        let all = [
            ("appendonly", "yes".to_owned()),
            ("appendfsync", if settings.fsync { "always" } else { "no" }.to_owned()),
            ("dir", settings.dir.display().to_string()),
            ("maxclients", settings.max_clients.to_string()),
            ("port", settings.address.port().to_string()),
            ("proto-max-bulk-len", settings.limits.value.to_string()),
            ("save", String::new()),
            ("databases", "1".to_owned()),
        ];
        let asked = |name: &str| {
            patterns
                .iter()
                .any(|pattern| crate::glob::matches(&pattern.to_ascii_lowercase(), name.as_bytes()))
        };
        let found = all.into_iter().filter(|(name, _)| asked(name));
        Reply::Map(found.map(|(name, value)| (Reply::bulk(name), Reply::bulk(value))).collect())
    }

    fn client(&mut self, about: Client) -> Reply {
        match about {
            Client::Id => Reply::Int(self.guest.id as i64),
            Client::GetName if self.name.is_empty() => Reply::Null,
            Client::GetName => Reply::Bulk(self.name.clone()),
            Client::SetName(name) => {
                self.name = name;
                Reply::Ok
            }
            Client::Info => Reply::bulk(format!(
                "id={} name={} resp={} sub={}\n",
                self.guest.id,
                self.name.escape_ascii(),
                if self.resp == Resp::Three { 3 } else { 2 },
                self.subscriptions.len(),
            )),
            Client::Other => Reply::Ok,
        }
    }

    /// Carries out what is planned and sends the answers.
    async fn settle(&mut self, plan: &mut Plan) -> io::Result<()> {
        if plan.is_empty() {
            return Ok(());
        }
        let server = self.guest.server.clone();
        for reply in plan.carry_out(&server.directory).await {
            self.send(reply).await?;
        }
        Ok(())
    }

    /// Puts an answer into the output, which never grows far beyond [`WRITE`].
    async fn send(&mut self, reply: Reply) -> io::Result<()> {
        match reply {
            Reply::Array(items) => {
                array_header(&mut self.output, items.len());
                for item in items {
                    self.send_item(item).await?;
                }
                Ok(())
            }
            item => self.send_item(item).await,
        }
    }

    #[inline]
    async fn send_item(&mut self, reply: Reply) -> io::Result<()> {
        match reply {
            Reply::Bulk(Blob::Long(bytes)) if bytes.len() >= DIRECT => {
                bulk_header(&mut self.output, bytes.len());
                self.flush().await?;
                self.writer.write_all(&bytes).await?;
                self.output.extend_from_slice(b"\r\n");
            }
            reply => reply.write(&mut self.output, self.resp),
        }
        if self.output.len() >= WRITE {
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> io::Result<()> {
        if !self.output.is_empty() {
            self.writer.write_all(&self.output).await?;
            if self.output.capacity() > KEPT {
                self.output = Vec::new();
            } else {
                self.output.clear();
            }
        }
        Ok(())
    }
}

fn put((key, value): (Blob, Blob)) -> Op {
    Op::Set { key, value, lifetime: Lifetime::Forever, when: When::Always, get: false }
}

/// Reads commands in batches.
struct Reader {
    input: OwnedReadHalf,
    decoder: Decoder,
    buffer: BytesMut,
    /// How much to read next.
    room: usize,
    /// How many commands the last batch had.
    usual: usize,
    turns: Arc<Semaphore>,
    ended: bool,
}

impl Reader {
    /// What was read next, once the batch before it is answered.
    async fn next(&mut self) -> Option<Batch> {
        if self.ended {
            return None;
        }
        let mut commands = Vec::with_capacity(self.usual);
        let mut end = None;
        while commands.is_empty() && end.is_none() {
            end = self.read(&mut commands).await;
        }
        self.ended = end.is_some();
        self.usual = commands.len();
        let turn = self.turns.clone().acquire_owned().await.ok();
        Some(Batch { commands, end, _turn: turn })
    }

    async fn read(&mut self, commands: &mut Vec<Command>) -> Option<End> {
        if self.buffer.is_empty() {
            // An idle connection holds no buffer.
            self.buffer = BytesMut::new();
            if self.input.readable().await.is_err() {
                return Some(End::Closed);
            }
        }
        self.buffer.reserve(self.room);
        let read = match self.input.read_buf(&mut self.buffer).await {
            Ok(read @ 1..) => read,
            Ok(0) | Err(_) => return Some(End::Closed),
        };
        if read >= self.room {
            self.room = READ.1.min(self.room * 4);
        } else if read < self.room / 4 {
            self.room = READ.0.max(self.room / 2);
        }
        match self.decoder.decode(&mut self.buffer, commands) {
            Ok(()) => None,
            Err(error) => Some(End::Malformed(error.0)),
        }
    }
}
