//! Ten thousand faults against a hundred workers under load; afterwards every message is accounted for.
//!
//! ```text
//! cargo run --release --example storm -- --seed 7 --faults 10000
//!
//! Sky                                one_for_one: the root
//! └─ five wings: Wing                one_for_one
//!    ├─ alone: Alone                 one_for_one,  five workers
//!    ├─ together: Together           one_for_all,  five workers
//!    ├─ chain: Chain                 rest_for_one, five workers
//!    └─ crowd: Children<Worker>      five workers, started at run time
//! ```
//!
//! Eight producers tell and ask all the while; each message has an id of its own. The faults are planned
//! before the first of them strikes: the same seed gives the same faults in the same order. How the threads of
//! the runtime meet them differs each time, which is the point.
//!
//! Read `faults.rs` for what goes wrong, `worker.rs` for what it does to a worker, `ledger.rs` for what is
//! written down, and the assertions below for what has to hold.

mod faults;
mod ledger;
mod producers;
mod random;
mod report;
mod tree;
mod worker;

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use airssys_rt::prelude::*;

use crate::faults::Storm;
use crate::ledger::Ledger;
use crate::producers::{PRODUCERS, Tally, produce};
use crate::report::Report;
use crate::tree::{Sky, Town};

/// How long the whole run may take: what is not over by then hangs.
const PATIENCE: Duration = Duration::from_secs(100);

struct Settings {
    seed: u64,
    faults: usize,
}

impl Settings {
    fn of_arguments() -> Result<Self, String> {
        // Without optimizations a tenth shows as much in the same time.
        let faults = if cfg!(debug_assertions) { 1_000 } else { 10_000 };
        let mut settings = Self { seed: 1, faults };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let value = words.next().and_then(|text| text.parse::<u64>().ok());
            match (word.as_str(), value) {
                ("--seed", Some(seed)) => settings.seed = seed,
                ("--faults", Some(faults)) => settings.faults = faults as usize,
                _ => return Err(format!("`{word}`: it takes --seed NUMBER and --faults NUMBER")),
            }
        }
        Ok(settings)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Every crash below is wanted, and says so.
    examples::expect_panics(worker::WANTED);
    let settings = Settings::of_arguments()?;
    let system = System::new("storm");
    let report = match tokio::time::timeout(PATIENCE, run(&system, &settings)).await {
        Ok(report) => report?,
        Err(_) => return Err(format!("hangs:\n{}", system.tree()).into()),
    };
    println!("{report}");
    report.verdict().map_err(Into::into)
}

async fn run(system: &System, settings: &Settings) -> Result<Report, Box<dyn Error>> {
    let began = Instant::now();
    let ledger = Arc::new(Ledger::new());
    let sky = system.start(Sky::spec(ledger.clone())).await?;
    let town = Arc::new(Town::new(sky, ledger.clone()).await?);

    let over = Arc::new(AtomicBool::new(false));
    let producers: Vec<_> = (0..PRODUCERS)
        .map(|number| tokio::spawn(produce(settings.seed, number, town.clone(), over.clone())))
        .collect();

    let storm = Storm::plan(settings.seed, settings.faults);
    let struck = storm.rage(system, &town).await;

    over.store(true, Ordering::Release);
    let mut tally = Tally::default();
    for producer in producers {
        tally += producer.await?;
    }
    rest(system).await;
    town.stop().await;
    // Before the shutdown, which would tidy up: by now, there is nothing left to tidy.
    let counters = system.counters();
    let shutdown = system.shutdown().await;

    Ok(Report {
        seed: settings.seed,
        fingerprint: storm.fingerprint(),
        struck,
        tally,
        clean: shutdown.is_clean(),
        counters,
        subscribers: system.events().subscribers::<worker::Weather>(),
        samples: ledger.samples(),
        ledger: ledger.figures(),
        took: began.elapsed(),
    })
}

/// Waits until nothing is queued any more.
async fn rest(system: &System) {
    while system.counters().queued > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
