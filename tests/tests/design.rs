//! The design page is run: the Rust blocks of its sections 1, 2 and 4, taken from the page itself.
//!
//! Only the `/* … */` are filled in, and around the blocks stands what they presuppose. The page lies beside
//! the workspace, or where `AIRSSYS_DESIGN` says; without it there is nothing to run, and the test says so.

use tests::scratch::{Project, workspace};

const ELLIPSIS: &str = "/* … */";

/// What section 1 presupposes.
const BEFORE_COUNTER: &str = r#"
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("overdrawn")]
pub struct Overdrawn;
"#;

const WITHDRAW: &str =
    "if amount > self.value { return Err(Overdrawn); } self.value -= amount; Ok(self.value)";

/// What section 2 presupposes: the actors of the tree, and a journal that outlives them.
const BEFORE_BANK: &str = r#"
use airssys_rt::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

pub type CustomerId = u64;

/// What the ledger has written; a simulated disk.
pub static JOURNAL: Mutex<Vec<i64>> = Mutex::new(Vec::new());

#[actor]
pub struct Ledger { balance: i64 }

impl Ledger {
    pub async fn open(_path: &Path) -> Result<Self, std::io::Error> {
        Ok(Self { balance: JOURNAL.lock().unwrap().iter().sum() })
    }
}

#[handlers]
impl Ledger {
    #[handler]
    pub fn deposit(&mut self, amount: i64) -> i64 {
        JOURNAL.lock().unwrap().push(amount);
        self.balance += amount;
        self.balance
    }

    #[handler]
    pub fn balance(&self) -> i64 { self.balance }
}

#[actor]
pub struct Teller { ledger: ActorRef<Ledger> }

impl Teller {
    pub fn new(ledger: ActorRef<Ledger>) -> Self { Self { ledger } }
}

#[handlers]
impl Teller {
    #[handler]
    pub async fn total(&mut self) -> ActorResult<i64> { Ok(self.ledger.balance().await?) }
}

#[actor]
#[derive(Default)]
pub struct Inspector;

#[handlers]
impl Inspector {
    #[handler]
    pub fn inspect(&mut self) -> bool { true }
}

#[supervisor]
pub struct Audit {
    ledger: ActorRef<Ledger>,

    #[child]
    pub inspector: ActorRef<Inspector>,
}

#[actor]
pub struct Session { id: CustomerId, ledger: ActorRef<Ledger> }

impl Session {
    pub fn new(id: CustomerId, ledger: ActorRef<Ledger>) -> Self { Self { id, ledger } }
}

#[handlers]
impl Session {
    #[handler]
    pub async fn who_and_how_much(&mut self) -> ActorResult<(CustomerId, i64)> {
        Ok((self.id, self.ledger.balance().await?))
    }
}
"#;

/// What the fragment of section 2 stands in.
const BEFORE_STATEMENTS: &str = r#"
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let system = System::new("design");
    let path = PathBuf::from("ledger");
    let id: CustomerId = 42;
"#;

const AFTER_STATEMENTS: &str = r#"
    assert_eq!(totals, [Ok(7), Ok(7), Ok(7), Ok(7)]);
    assert_eq!(session.who_and_how_much().await?, (42, 7));
    assert!(bank.audit.inspector.inspect().await?);
    assert!(system.shutdown().await.is_clean());
    println!("section 2 ran");
    Ok(())
}
"#;

/// What section 4 does under its seeds: pays in, under crashes, and looks whether all of it is there.
const NO_MONEY_IS_LOST: &str = r#"
        let mut acknowledged = 0;
        for amount in 1..=20 {
            // An error means "perhaps": the crash may have come after the writing.
            if bank.ledger.deposit(amount).await.is_ok() {
                acknowledged += amount;
            }
            let _ = bank.tellers.total().await;
            let _ = bank.sessions.start(7).await;
        }
        let written: i64 = JOURNAL.lock().unwrap().iter().sum();
        assert!(acknowledged <= written && written <= 210);
        sim.crash_randomly(0.0);
        // Too many crashes close the bank; an open one knows every cent.
        match bank.ledger.balance().await {
            Ok(balance) => assert_eq!(balance, written),
            Err(error) => assert!(matches!(error, AskError::Stopped | AskError::Crashed { .. }), "{error}"),
        }
        // The next seed finds an empty disk.
        JOURNAL.lock().unwrap().clear();
        SEEDS.fetch_add(1, Ordering::Relaxed);
        CRASHES.fetch_add(sim.crashes(), Ordering::Relaxed);
"#;

const AFTER_SIMULATION: &str = r#"
static SEEDS: AtomicU64 = AtomicU64::new(0);
static CRASHES: AtomicU64 = AtomicU64::new(0);

#[test]
fn the_block_has_run_with_all_its_seeds() {
    // The harness runs one test at a time: it was told to.
    no_order_of_events_loses_money();
    let (seeds, crashes) = (SEEDS.load(Ordering::Relaxed), CRASHES.load(Ordering::Relaxed));
    println!("{seeds} seeds, {crashes} crashes");
    assert!(seeds >= 1_000 && crashes > 0);
}
"#;

#[test]
fn the_blocks_of_the_design_page_compile_and_run() {
    let Some(page) = page() else {
        println!("skipped: the design page is not here; AIRSSYS_DESIGN may say where it is");
        return;
    };
    let [counter] = &blocks(&page, "## 1.")[..] else { panic!("one block in section 1") };
    let [bank] = &blocks(&page, "## 2.")[..] else { panic!("one block in section 2") };
    let [simulation] = &blocks(&page, "## 4.")[..] else { panic!("one block in section 4") };

    let counter = fill(counter, WITHDRAW);
    // Items may stand beside functions, statements may not.
    let statements = bank.find("\nlet ").expect("statements after the struct") + 1;
    let (bank, statements) = bank.split_at(statements);
    let simulation = fill(simulation, NO_MONEY_IS_LOST);

    let project = Project::new(env!("CARGO_TARGET_TMPDIR"), "design", "");
    project.write("src/bin/counter.rs", &[QUIET, BEFORE_COUNTER, &counter]);
    project.write("src/lib.rs", &[QUIET, BEFORE_BANK, bank]);
    project.write(
        "src/bin/bank.rs",
        &[
            QUIET,
            "use design::*;\nuse airssys_rt::prelude::*;\nuse std::path::PathBuf;\n",
            BEFORE_STATEMENTS,
            statements,
            AFTER_STATEMENTS,
        ],
    );
    project.write(
        "tests/simulation.rs",
        &[
            QUIET,
            "use design::*;\nuse airssys_rt::prelude::*;\nuse std::path::PathBuf;\nuse std::sync::atomic::{AtomicU64, Ordering};\n",
            &simulation,
            AFTER_SIMULATION,
        ],
    );
    let _ = project.cargo(&["run", "--bin", "counter"]);
    let out = project.cargo(&["run", "--bin", "bank"]);
    assert!(out.contains("section 2 ran"), "{out}");
    let out = project.cargo(&[
        "test",
        "--test",
        "simulation",
        "--",
        "--test-threads=1",
        "--nocapture",
        "the_block",
    ]);
    println!("{}", out.lines().filter(|line| line.contains("seeds")).collect::<Vec<_>>().join("\n"));
    assert!(out.contains("1 passed"), "{out}");
}

/// A page shows more than one program uses.
const QUIET: &str = "#![allow(unused, dead_code)]\n";

fn page() -> Option<String> {
    let path = match std::env::var_os("AIRSSYS_DESIGN") {
        Some(path) => std::path::PathBuf::from(path),
        None => workspace().join("../shared/DESIGN.md"),
    };
    std::fs::read_to_string(path).ok()
}

/// The Rust blocks of the section whose heading begins so.
fn blocks(page: &str, heading: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut here = false;
    let mut block: Option<String> = None;
    for line in page.lines() {
        match &mut block {
            Some(_) if line == "```" => blocks.extend(block.take()),
            Some(text) => {
                text.push_str(line);
                text.push('\n');
            }
            None if line == "```rust" && here => block = Some(String::new()),
            None if line.starts_with("## ") => here = line.starts_with(heading),
            None => {}
        }
    }
    blocks
}

/// Fills the one gap of a block.
fn fill(block: &str, with: &str) -> String {
    assert_eq!(block.matches(ELLIPSIS).count(), 1, "one gap in:\n{block}");
    block.replace(ELLIPSIS, with)
}
