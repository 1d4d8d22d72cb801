//! The client that does not believe the server: writes, notes what was acknowledged, and looks afterwards.
//!
//! ```text
//! kv_check load PORT LOG SECONDS CONNECTIONS [cut]   writes; with `cut` the server is expected to go away
//! kv_check verify PORT LOG                           everything acknowledged is there
//! kv_check malformed PORT                            nonsense costs its own connection and no other
//! kv_check oversize PORT LIMIT                       too long a value is refused, the connection goes on
//! kv_check slow PORT PID                             who does not read costs no memory
//! kv_check hold PORT                                asks for much, reads nothing, until the server ends
//! kv_check crowd PORT PID COUNT                      many connections at one time
//! kv_check crash PORT COUNT                          crashes in the middle of pipelines: errors for these alone
//! ```
//!
//! Each prints a line and exits with an error when it does not hold. `kv/drive.sh` runs them all.

mod client;
mod ledger;
mod load;
mod manners;

use std::error::Error;
use std::process::ExitCode;

pub type Outcome = Result<String, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words).await {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{}: {error}", words.first().unwrap_or(&"kv_check"));
            ExitCode::FAILURE
        }
    }
}

async fn run(words: &[&str]) -> Outcome {
    match *words {
        ["load", port, log, seconds, connections] => {
            load::load(port.parse()?, log, seconds.parse()?, connections.parse()?, false).await
        }
        ["load", port, log, seconds, connections, "cut"] => {
            load::load(port.parse()?, log, seconds.parse()?, connections.parse()?, true).await
        }
        ["verify", port, log] => load::verify(port.parse()?, log).await,
        ["malformed", port] => manners::malformed(port.parse()?).await,
        ["oversize", port, limit] => manners::oversize(port.parse()?, limit.parse()?).await,
        ["slow", port, pid] => manners::slow(port.parse()?, pid.parse()?).await,
        ["hold", port] => manners::hold(port.parse()?).await,
        ["crowd", port, pid, count] => manners::crowd(port.parse()?, pid.parse()?, count.parse()?).await,
        ["crash", port, count] => manners::crash(port.parse()?, count.parse()?).await,
        _ => Err("see the top of kv_check/main.rs for what it takes".into()),
    }
}
