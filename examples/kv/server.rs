//! What all connections share, and the supervisor of everything that clients touch.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use airssys_rt::prelude::*;
use futures_util::future::join_all;
use tokio::net::TcpStream;

use crate::acceptor::Acceptor;
use crate::channels::Board;
use crate::connection::Connection;
use crate::janitor::Janitor;
use crate::keyspace::Directory;
use crate::settings::Settings;
use crate::shard::{Holdings, ShardApi};

/// The part of the server that clients touch. Ends from the last to the first: nobody new is let in, then the
/// connections finish what they have in hand, and the shards, under another supervisor, are there until then.
#[supervisor(strategy = "one_for_one", max_restarts = 10, within = "10s")]
#[derive(Debug)]
pub struct House {
    server: Arc<Server>,

    #[child(start = Janitor::new(server))]
    pub janitor: ActorRef<Janitor>,

    #[child(
        start = |socket: Arc<TcpStream>| Connection::new(server, socket)?,
        restart = "temporary",
        shutdown = "2s",
    )]
    pub connections: Children<Connection, Arc<TcpStream>>,

    #[child(start = Acceptor::bind(server, connections).await?)]
    pub acceptor: ActorRef<Acceptor>,
}

/// What all connections share.
#[derive(Debug)]
pub struct Server {
    pub settings: Arc<Settings>,
    pub directory: Directory,
    pub board: Arc<Board>,
    started: Instant,
    clients: AtomicUsize,
    clients_ever: AtomicU64,
    commands: AtomicU64,
}

impl Server {
    pub fn new(settings: Arc<Settings>, directory: Directory) -> Self {
        Self {
            settings,
            directory,
            board: Arc::default(),
            started: Instant::now(),
            clients: AtomicUsize::new(0),
            clients_ever: AtomicU64::new(0),
            commands: AtomicU64::new(0),
        }
    }

    /// How many connections there are.
    pub fn clients(&self) -> usize {
        self.clients.load(Ordering::Relaxed)
    }

    pub fn count_commands(&self, more: usize) {
        self.commands.fetch_add(more as u64, Ordering::Relaxed);
    }

    /// What `INFO` says.
    pub async fn info(&self, system: &System) -> String {
        let holdings =
            join_all(self.directory.shards().iter().map(|shard| async { shard.holdings().await })).await;
        let total = holdings.into_iter().flatten().fold(Holdings::default(), |sum, one| Holdings {
            keys: sum.keys + one.keys,
            mortal: sum.mortal + one.mortal,
            bytes: sum.bytes + one.bytes,
        });
        let crashes: u32 = self.directory.shards().iter().map(|shard| shard.process().restarts()).sum();
        let up = self.started.elapsed().as_secs();
        let mut text = String::new();
        let _ = write!(
            text,
            "# Server\r\nredis_version:7.0.0\r\nserver_name:airssys-kv\r\nprocess_id:{pid}\r\ntcp_port:{port}\r\n\
             uptime_in_seconds:{up}\r\n\r\n\
             # Clients\r\nconnected_clients:{clients}\r\nmaxclients:{max}\r\n\r\n\
             # Stats\r\ntotal_connections_received:{ever}\r\ntotal_commands_processed:{commands}\r\n\
             pubsub_channels:{channels}\r\npubsub_messages_lost:{lost}\r\n\r\n\
             # Shards\r\nshards:{shards}\r\nshard_crashes:{crashes}\r\ndata_bytes:{bytes}\r\n\r\n\
             # Keyspace\r\n",
            pid = std::process::id(),
            port = self.settings.address.port(),
            clients = self.clients(),
            max = self.settings.max_clients,
            ever = self.clients_ever.load(Ordering::Relaxed),
            commands = self.commands.load(Ordering::Relaxed),
            channels = self.board.channels(),
            lost = system.events().lost(),
            shards = self.settings.shards,
            bytes = total.bytes,
        );
        if total.keys > 0 {
            let _ = write!(text, "db0:keys={},expires={},avg_ttl=0\r\n", total.keys, total.mortal);
        }
        text
    }
}

/// A connection that is counted as long as it lives, however it ends.
#[derive(Debug)]
pub struct Guest {
    pub server: Arc<Server>,
    pub id: u64,
}

impl Guest {
    pub fn new(server: Arc<Server>) -> Self {
        server.clients.fetch_add(1, Ordering::Relaxed);
        let id = server.clients_ever.fetch_add(1, Ordering::Relaxed) + 1;
        Self { server, id }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.server.clients.fetch_sub(1, Ordering::Relaxed);
    }
}
