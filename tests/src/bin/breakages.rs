//! Breaks the runtime in one place at a time and shows which test goes red: `cargo run -p tests --bin breakages`.
//!
//! It works on a clone of the last commit below `target/breakages`, and says for each breakage which tests were run
//! and which of them failed; a test that hangs has failed, too. `-- --only PART` tries those whose name, rules or
//! file have that in them, `-- --from NAME` goes on at that one, `-- --list` shows them.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tests::breakages::{ALL, Breakage};

/// How long a few tests may take before they hang.
const LIMIT: Duration = Duration::from_secs(90);

enum Outcome {
    Red(Vec<String>),
    Hangs,
    Survived,
    /// What is wrong with the breakage itself.
    Useless(&'static str),
}

fn main() {
    let value = |name: &str| std::env::args().skip_while(|arg| arg != name).nth(1);
    let (only, from) = (value("--only"), value("--from"));
    let wanted = |one: &&Breakage| {
        let places = [one.name, one.rules, one.file];
        only.as_deref().is_none_or(|only| places.iter().any(|place| place.contains(only)))
    };
    let first = from.and_then(|from| ALL.iter().position(|one| one.name == from)).unwrap_or(0);
    if std::env::args().any(|arg| arg == "--list") {
        for one in ALL[first..].iter().filter(wanted) {
            println!("{}: {} ({}; {} {})", one.name, one.rules, one.file, one.binary, one.filter);
        }
        return;
    }
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_path_buf();
    let base = home.join("target/breakages");
    let clone = base.join("clone");
    let _ = std::fs::remove_dir_all(&clone);
    run(Command::new("git").arg("clone").arg("--quiet").arg(&home).arg(&clone));
    println!("| breakage | rules | tests run | outcome |\n| --- | --- | --- | --- |");
    let (mut red, mut others) = (0, Vec::new());
    for breakage in ALL[first..].iter().filter(wanted) {
        let outcome = attempt(breakage, &clone, &base.join("target"));
        let text = match &outcome {
            Outcome::Red(tests) => format!("red: {}", tests.join(", ")),
            Outcome::Hangs => "red: hangs".to_owned(),
            Outcome::Survived => "**survived**".to_owned(),
            Outcome::Useless(why) => format!("**{why}**"),
        };
        let Breakage { name, rules, binary, filter, .. } = breakage;
        println!("| {name} | {rules} | {binary} {filter} | {text} |");
        match outcome {
            Outcome::Red(_) | Outcome::Hangs => red += 1,
            Outcome::Survived | Outcome::Useless(_) => others.push(*name),
        }
    }
    println!("\n{red} red, {} not: {}", others.len(), others.join(", "));
    std::process::exit(i32::from(!others.is_empty()));
}

fn attempt(breakage: &Breakage, clone: &Path, target: &Path) -> Outcome {
    let file = clone.join("airssys-rt/src").join(breakage.file);
    let Ok(whole) = std::fs::read_to_string(&file) else { return Outcome::Useless("no such file") };
    if whole.matches(breakage.old).count() != 1 {
        return Outcome::Useless("does not apply");
    }
    let broken = whole.replace(breakage.old, breakage.new);
    if std::fs::write(&file, broken).is_err() {
        return Outcome::Useless("cannot be written");
    }
    let outcome = test(breakage, clone, target);
    let _ = std::fs::write(&file, whole);
    outcome
}

fn test(breakage: &Breakage, clone: &Path, target: &Path) -> Outcome {
    let cargo = |extra: &[&str]| {
        let mut command = Command::new("cargo");
        command.current_dir(clone).env("CARGO_TARGET_DIR", target).env("RUST_BACKTRACE", "0");
        // Nobody steps through it.
        command.env("CARGO_PROFILE_DEV_DEBUG", "0").args(["test", "-q"]);
        match breakage.binary {
            "lib" => command.args(["-p", "airssys-rt", "--lib"]),
            binary => command.args(["-p", "tests", "--test", binary]),
        };
        command.args(extra).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    if !cargo(&["--no-run"]).status().is_ok_and(|status| status.success()) {
        return Outcome::Useless("does not compile");
    }
    let told = target.join("told");
    let Ok(out) = std::fs::File::create(&told) else { return Outcome::Useless("cannot be run") };
    let mut command = cargo(&["--", breakage.filter]);
    command.stdout(out);
    // A group of its own, so that what hangs can be ended with all that it started.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let Ok(mut running) = command.spawn() else { return Outcome::Useless("cannot be run") };
    let began = Instant::now();
    loop {
        match running.try_wait() {
            Ok(Some(status)) if status.success() => return Outcome::Survived,
            Ok(Some(_)) => return Outcome::Red(failed(&std::fs::read_to_string(&told).unwrap_or_default())),
            Ok(None) if began.elapsed() > LIMIT => {
                let group = format!("-{}", running.id());
                let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
                let _ = running.kill();
                let _ = running.wait();
                return Outcome::Hangs;
            }
            _ => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// The tests that failed, by the list at the end of what was printed. None where the whole program went down.
fn failed(told: &str) -> Vec<String> {
    let list = told.rsplit("\nfailures:\n").next().unwrap_or_default();
    let names = list.lines().take_while(|line| line.starts_with("    ")).map(|line| line.trim().to_owned());
    names.collect()
}

fn run(command: &mut Command) {
    let status = command.status().expect("git is there");
    assert!(status.success(), "{command:?}");
}
