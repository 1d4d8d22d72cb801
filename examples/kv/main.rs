//! A Redis-protocol server on actors, whose shards may crash as often as they like.
//!
//! ```text
//! cargo run --release --example kv -- --port 6379
//!
//! kv
//! ├─ Keyspace                      one_for_one, as often as it takes
//! │  └─ shards: Shard × N          part of the keys and their journal, written before it answers
//! └─ House                         one_for_one
//!    ├─ janitor: Janitor           expiry and tidying, ten times a second
//!    ├─ connections: Connection    one for each client, temporary
//!    └─ acceptor: Acceptor         lets clients in; the first to go
//! ```
//!
//! What it does not promise: a command about keys of several shards (`MSET`, `DEL`, `FLUSHALL`) is done by each
//! shard at once, but not by all of them at the same moment; and an acknowledged write outlives the process, while
//! outliving a power cut takes `--fsync`.
//!
//! Read `connection.rs` for the way of a command, `shard.rs` for what a crash costs, `journal.rs` for why
//! nothing acknowledged is lost. `drive.sh` shows all of it with `redis-cli` and `redis-benchmark`.

mod acceptor;
mod blob;
mod channels;
mod command;
mod connection;
mod glob;
mod janitor;
mod journal;
mod keyspace;
mod reply;
mod request;
mod server;
mod settings;
mod shard;
mod store;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use airssys_rt::prelude::*;

use crate::acceptor::AcceptorApi;
use crate::keyspace::{Directory, Keyspace};
use crate::server::{House, Server};
use crate::settings::{Settings, USAGE};

/// How long a client waits for a shard at most: reading a long journal takes its time.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::main]
async fn main() -> ExitCode {
    if std::env::args().any(|flag| flag == "--help") {
        print!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kv: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut settings = Settings::read()?;
    settings.settle()?;
    let settings = Arc::new(settings);
    let system = System::builder().name("kv").ask_timeout(PATIENCE).build()?;

    let keyspace = system.start(Keyspace::spec(settings.clone())).await?;
    let directory = Directory::open(&keyspace).await?;
    let server = Arc::new(Server::new(settings.clone(), directory));
    let house = system.start(House::spec(server)).await?;

    let address = house.acceptor.address().await?;
    println!("kv: {} shards in {}, listening on {address}", settings.shards, settings.dir.display());

    // The house first, then the keys: in reverse order of their start.
    let report = system.run_until_signal().await?;
    assert!(report.is_clean(), "everybody ended in time: {report:?}");
    println!("kv: ended in order");
    Ok(())
}
