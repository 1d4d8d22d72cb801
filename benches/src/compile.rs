//! What a framework costs before anything runs: the same actor of 20 messages, as a program of its own in each.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use crate::report;
use crate::systems::Name;

/// How often each is built from nothing.
const ROUNDS: usize = 3;
const MESSAGES: usize = 20;
const MANY: usize = 200;
/// A program of many actors, and what each of them is told.
const ACTORS: usize = 50;
const FEW: usize = 5;

const TOKIO: &str = r#"tokio = { version = "1", features = ["macros", "rt-multi-thread", "sync", "time"] }"#;

/// A program: what it depends on, with default features as a user would have them, and its text.
struct Program {
    name: &'static str,
    dependencies: String,
    text: fn(usize) -> String,
}

fn programs() -> Vec<Program> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../airssys-rt");
    let mut programs = vec![
        Program {
            name: "airssys",
            dependencies: format!("airssys-rt = {{ path = {ours:?} }}\n{TOKIO}"),
            text: airssys,
        },
        Program { name: "tokio", dependencies: TOKIO.to_owned(), text: tokio },
    ];
    if cfg!(feature = "peers") {
        programs.extend([
            Program { name: "kameo", dependencies: format!("kameo = \"0.22\"\n{TOKIO}"), text: kameo },
            Program { name: "ractor", dependencies: format!("ractor = \"0.16\"\n{TOKIO}"), text: ractor },
            Program {
                name: "xtra",
                dependencies: format!(
                    "xtra = {{ version = \"0.6\", features = [\"tokio\", \"macros\"] }}\n{TOKIO}"
                ),
                text: xtra,
            },
            Program { name: "actix", dependencies: "actix = \"0.13\"".to_owned(), text: actix },
        ]);
    }
    programs
}

/// A line a message, joined.
fn each(messages: usize, line: impl Fn(usize) -> String) -> String {
    (0..messages).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "{}", line(number));
        text
    })
}

fn airssys(messages: usize) -> String {
    let handlers = each(messages, |n| {
        format!(
            "    #[handler]\n    fn add_{n}(&mut self, by: u64) -> u64 {{\n        self.value += by;\n        self.value\n    }}"
        )
    });
    let asks = each(messages, |n| format!("    println!(\"{{}}\", counter.add_{n}({n}).await.unwrap());"));
    format!(
        "use airssys_rt::prelude::*;\n\n#[actor]\n#[derive(Default)]\nstruct Counter {{\n    value: u64,\n}}\n\n\
         #[handlers]\nimpl Counter {{\n{handlers}}}\n\n#[tokio::main]\nasync fn main() {{\n    \
         let counter = System::new(\"hello\").spawn(Counter::default());\n{asks}}}\n"
    )
}

fn kameo(messages: usize) -> String {
    let handlers = each(messages, |n| {
        format!(
            "    #[message]\n    fn add_{n}(&mut self, by: u64) -> u64 {{\n        self.value += by;\n        self.value\n    }}"
        )
    });
    let asks = each(messages, |n| {
        format!("    println!(\"{{}}\", counter.ask(Add{n} {{ by: {n} }}).await.unwrap());")
    });
    format!(
        "use kameo::prelude::*;\n\n#[derive(Actor, Default)]\nstruct Counter {{\n    value: u64,\n}}\n\n\
         #[messages]\nimpl Counter {{\n{handlers}}}\n\n#[tokio::main]\nasync fn main() {{\n    \
         let counter = Counter::spawn(Counter::default());\n{asks}}}\n"
    )
}

fn ractor(messages: usize) -> String {
    let variants = each(messages, |n| format!("    Add{n}(u64, RpcReplyPort<u64>),"));
    let arms = each(messages, |n| {
        format!(
            "            Message::Add{n}(by, reply) => {{\n                *state += by;\n                let _ = reply.send(*state);\n            }}"
        )
    });
    let asks = each(messages, |n| {
        format!("    println!(\"{{}}\", ractor::call!(counter, Message::Add{n}, {n}).unwrap());")
    });
    format!(
        "use ractor::{{Actor, ActorProcessingErr, ActorRef, RpcReplyPort}};\n\nstruct Counter;\n\nenum Message {{\n{variants}}}\n\n\
         impl Actor for Counter {{\n    type Msg = Message;\n    type State = u64;\n    type Arguments = ();\n\n    \
         async fn pre_start(&self, _: ActorRef<Message>, _: ()) -> Result<u64, ActorProcessingErr> {{\n        Ok(0)\n    }}\n\n    \
         async fn handle(&self, _: ActorRef<Message>, message: Message, state: &mut u64) -> Result<(), ActorProcessingErr> {{\n        \
         match message {{\n{arms}        }}\n        Ok(())\n    }}\n}}\n\n#[tokio::main]\nasync fn main() {{\n    \
         let (counter, _) = Actor::spawn(None, Counter, ()).await.unwrap();\n{asks}}}\n"
    )
}

fn xtra(messages: usize) -> String {
    let handlers = each(messages, |n| {
        format!(
            "struct Add{n}(u64);\n\nimpl Handler<Add{n}> for Counter {{\n    type Return = u64;\n\n    \
             async fn handle(&mut self, message: Add{n}, _: &mut Context<Self>) -> u64 {{\n        \
             self.value += message.0;\n        self.value\n    }}\n}}\n"
        )
    });
    let asks =
        each(messages, |n| format!("    println!(\"{{}}\", counter.send(Add{n}({n})).await.unwrap());"));
    format!(
        "use xtra::prelude::*;\n\n#[derive(Default, xtra::Actor)]\nstruct Counter {{\n    value: u64,\n}}\n\n{handlers}\n\
         #[tokio::main]\nasync fn main() {{\n    \
         let counter = xtra::spawn_tokio(Counter::default(), Mailbox::bounded(1_024));\n{asks}}}\n"
    )
}

fn actix(messages: usize) -> String {
    let handlers = each(messages, |n| {
        format!(
            "#[derive(Message)]\n#[rtype(result = \"u64\")]\nstruct Add{n}(u64);\n\nimpl Handler<Add{n}> for Counter {{\n    \
             type Result = u64;\n\n    fn handle(&mut self, message: Add{n}, _: &mut Context<Self>) -> u64 {{\n        \
             self.value += message.0;\n        self.value\n    }}\n}}\n"
        )
    });
    let asks =
        each(messages, |n| format!("    println!(\"{{}}\", counter.send(Add{n}({n})).await.unwrap());"));
    format!(
        "use actix::prelude::*;\n\n#[derive(Default)]\nstruct Counter {{\n    value: u64,\n}}\n\n\
         impl Actor for Counter {{\n    type Context = Context<Self>;\n}}\n\n{handlers}\n\
         #[actix::main]\nasync fn main() {{\n    let counter = Counter::default().start();\n{asks}}}\n"
    )
}

fn tokio(messages: usize) -> String {
    let variants = each(messages, |n| format!("    Add{n}(u64, oneshot::Sender<u64>),"));
    let arms = each(messages, |n| {
        format!(
            "                Message::Add{n}(by, answer) => {{\n                    value += by;\n                    let _ = answer.send(value);\n                }}"
        )
    });
    let asks = each(messages, |n| {
        format!(
            "    let (answer, answered) = oneshot::channel();\n    counter.send(Message::Add{n}({n}, answer)).await.ok();\n    \
             println!(\"{{}}\", tokio::time::timeout(LIMIT, answered).await.unwrap().unwrap());"
        )
    });
    format!(
        "use std::time::Duration;\n\nuse tokio::sync::{{mpsc, oneshot}};\n\nconst LIMIT: Duration = Duration::from_secs(5);\n\n\
         enum Message {{\n{variants}}}\n\n#[tokio::main]\nasync fn main() {{\n    \
         let (counter, mut mail) = mpsc::channel(1_024);\n    tokio::spawn(async move {{\n        let mut value = 0;\n        \
         while let Some(message) = mail.recv().await {{\n            match message {{\n{arms}            }}\n        }}\n    }});\n{asks}}}\n"
    )
}

/// The same program as often as there are actors, each in a module of its own.
fn many(program: fn(usize) -> String, actors: usize) -> String {
    let one = program(FEW).replace("#[tokio::main]\nasync fn main()", "pub async fn run()");
    let modules = each(actors, |n| format!("mod actor_{n} {{\n{one}\n}}"));
    let runs = each(actors, |n| format!("    actor_{n}::run().await;"));
    format!("{modules}\n#[tokio::main]\nasync fn main() {{\n{runs}}}\n")
}

/// A program on disk, in a workspace of its own.
struct Package {
    directory: PathBuf,
    text: String,
}

impl Package {
    fn write(program: &Program, text: String, directory: PathBuf) -> Result<Self, String> {
        let fail = |error: std::io::Error| format!("{}: {error}", directory.display());
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(directory.join("src")).map_err(fail)?;
        let manifest = format!(
            "[workspace]\n\n[package]\nname = \"hello-{}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{}\n\n\
             [profile.release]\nstrip = true\n",
            program.name, program.dependencies
        );
        fs::write(directory.join("Cargo.toml"), manifest).map_err(fail)?;
        // The versions that everything else here is measured with.
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        fs::copy(lock, directory.join("Cargo.lock")).map_err(fail)?;
        fs::write(directory.join("src/main.rs"), &text).map_err(fail)?;
        Ok(Self { directory, text })
    }

    /// Runs cargo here, without a network if it can.
    fn cargo(&self, arguments: &[&str]) -> Result<Output, String> {
        self.cargo_with(&[], arguments)
    }

    fn cargo_with(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Result<Output, String> {
        let run = |offline: bool| {
            Command::new("cargo")
                .envs(environment.iter().copied())
                .args(arguments)
                .args(offline.then_some("--offline"))
                .current_dir(&self.directory)
                .env("CARGO_TARGET_DIR", self.directory.join("target"))
                .env_remove("RUSTFLAGS")
                .output()
                .map_err(|error| format!("cargo: {error}"))
        };
        let output = run(true)?;
        let output = if output.status.success() { output } else { run(false)? };
        if output.status.success() {
            return Ok(output);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("{}: cargo {}: {said}", self.directory.display(), arguments.join(" ")))
    }

    /// Seconds that cargo takes.
    fn timed(&self, arguments: &[&str]) -> Result<f64, String> {
        let began = Instant::now();
        self.cargo(arguments)?;
        Ok(began.elapsed().as_secs_f64())
    }

    /// Seconds of a build with nothing built before, as of published crates: cargo compiles those that come by a path, as ours do
    /// here, in pieces for the next time, which takes longer.
    fn clean(&self) -> Result<f64, String> {
        let target = self.directory.join("target");
        if target.exists() {
            fs::remove_dir_all(&target).map_err(|error| format!("{}: {error}", target.display()))?;
        }
        let began = Instant::now();
        self.cargo_with(&[("CARGO_INCREMENTAL", "0")], &["build"])?;
        Ok(began.elapsed().as_secs_f64())
    }

    /// The fastest of three after a change of a handler's body.
    fn again(&self, arguments: &[&str]) -> Result<f64, String> {
        let file = self.directory.join("src/main.rs");
        let mut fastest = f64::INFINITY;
        for change in 1..=3 {
            let text =
                format!("{}\n#[allow(dead_code)]\nfn change() -> u32 {{\n    {change}\n}}\n", self.text);
            fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
            fastest = fastest.min(self.timed(arguments)?);
        }
        Ok(fastest)
    }
}

/// Prints the tables.
pub fn run() -> Result<(), String> {
    let directory = report::directory()?.join("compile");
    println!(
        "The same actor of {MESSAGES} messages, default features (`cargo build`, nothing built before: the median of {ROUNDS} in turn).\n"
    );
    println!("| system | crates | clean, s | incremental, s | release binary, KiB |");
    println!("| --- | --- | --- | --- | --- |");
    let mut packages = Vec::new();
    for program in programs() {
        let package = Package::write(&program, (program.text)(MESSAGES), directory.join(program.name))?;
        // Fetched and resolved: what is timed is compiling.
        let tree = package.cargo(&["tree", "-e", "normal,build", "--prefix", "none", "--no-dedupe"])?;
        let mut crates: Vec<_> = std::str::from_utf8(&tree.stdout)
            .map_err(|error| error.to_string())?
            .lines()
            .map(|line| line.trim_end_matches(" (*)"))
            .filter(|line| !line.is_empty())
            .collect();
        crates.sort_unstable();
        crates.dedup();
        // Itself is none that it pulls.
        let crates = crates.len() - 1;
        packages.push((program, package, crates, Vec::new()));
    }
    for _ in 0..ROUNDS {
        for (_, package, _, seconds) in &mut packages {
            seconds.push(package.clean()?);
        }
    }
    let mut counts = Vec::new();
    for (program, package, crates, mut seconds) in packages {
        let clean = crate::runner::median(&mut seconds);
        package.cargo(&["build"])?;
        let incremental = package.again(&["build"])?;
        package.cargo(&["build", "--release"])?;
        let binary = package.directory.join(format!("target/release/hello-{}", program.name));
        let size = fs::metadata(&binary).map_err(|error| format!("{}: {error}", binary.display()))?.len();
        println!("| {} | {crates} | {clean:.1} | {incremental:.2} | {} |", title(program.name), size / 1_024);
        counts.push((program.name, crates, clean, incremental));
    }
    let of = |name: &str| counts.iter().find(|(it, ..)| *it == name);
    if let Some((_, crates, clean, incremental)) = of("airssys") {
        println!();
        if let Some((_, more, longer, _)) = of("kameo") {
            let verdict = if crates < more && clean < longer { "floor met" } else { "**floor missed**" };
            println!(
                "Floor, fewer crates and seconds than kameo: {crates} of {more}, {clean:.1} of {longer:.1}: {verdict}."
            );
        }
        if let Some((.., plain)) = of("tokio") {
            let verdict = if *crates <= 15 && *incremental <= 2.0 * plain { "aim met" } else { "aim missed" };
            println!(
                "Aim, at most 15 crates and an incremental build of 2 x plain Tokio: {crates}, {:.2} x: {verdict}.",
                incremental / plain
            );
        }
    }

    println!("\n`cargo check` after a change, of an actor with 1 and with {MANY} handlers, s:\n");
    println!("| system | 1 | {MANY} | ms a handler |");
    println!("| --- | --- | --- | --- |");
    let programs: Vec<_> =
        programs().into_iter().filter(|it| ["airssys", "kameo", "tokio"].contains(&it.name)).collect();
    for program in &programs {
        let mut seconds = Vec::new();
        for handlers in [1, MANY] {
            let directory = directory.join(format!("{}-{handlers}", program.name));
            let package = Package::write(program, (program.text)(handlers), directory)?;
            package.timed(&["check"])?;
            seconds.push(package.again(&["check"])?);
        }
        let each = (seconds[1] - seconds[0]) * 1e3 / (MANY - 1) as f64;
        println!("| {} | {:.2} | {:.2} | {each:.1} |", title(program.name), seconds[0], seconds[1]);
    }

    println!("\nAfter a change, of a program with 1 and with {ACTORS} actors of {FEW} handlers, s:\n");
    println!("| system | check, 1 | check, {ACTORS} | build, 1 | build, {ACTORS} |");
    println!("| --- | --- | --- | --- | --- |");
    for program in &programs {
        let mut seconds = Vec::new();
        for command in ["check", "build"] {
            for actors in [1, ACTORS] {
                let directory = directory.join(format!("{}-{actors}-actors", program.name));
                let package = Package::write(program, many(program.text, actors), directory)?;
                package.timed(&[command])?;
                seconds.push(package.again(&[command])?);
            }
        }
        let [check, checks, build, builds] = seconds[..] else { continue };
        println!("| {} | {check:.2} | {checks:.2} | {build:.2} | {builds:.2} |", title(program.name));
    }
    Ok(())
}

fn title(name: &str) -> &str {
    Name::COLUMNS.iter().find(|it| it.key() == name).map_or(name, |it| it.title())
}
