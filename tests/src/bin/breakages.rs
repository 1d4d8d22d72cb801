//! Breaks the runtime in one place at a time and shows that a test goes red: `cargo run -p tests --bin breakages`.
//!
//! It works on a clone of the last commit below `target/breakages`, and says for each breakage which test it was
//! given to and whether that test failed. `-- --only NAME` tries one. A test that hangs has failed, too.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tests::breakages::{ALL, Breakage};

const LIMIT: Duration = Duration::from_secs(180);

fn main() {
    let only = std::env::args().skip_while(|arg| arg != "--only").nth(1);
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_path_buf();
    let base = home.join("target/breakages");
    let clone = base.join("clone");
    let _ = std::fs::remove_dir_all(&clone);
    run(Command::new("git").arg("clone").arg("--quiet").arg(&home).arg(&clone));
    println!("| breakage | rules | test | outcome |\n| --- | --- | --- | --- |");
    let (mut red, mut others) = (0, 0);
    for breakage in ALL.iter().filter(|one| only.as_deref().is_none_or(|only| one.name == only)) {
        let outcome = attempt(breakage, &clone, &base.join("target"));
        println!(
            "| {} | {} | {} {} | {outcome} |",
            breakage.name, breakage.rules, breakage.binary, breakage.filter
        );
        if outcome == "red" { red += 1 } else { others += 1 }
    }
    println!("\n{red} red, {others} not");
    std::process::exit(i32::from(others > 0));
}

fn attempt(breakage: &Breakage, clone: &Path, target: &PathBuf) -> &'static str {
    let file = clone.join("airssys-rt/src").join(breakage.file);
    let Ok(whole) = std::fs::read_to_string(&file) else { return "**no such file**" };
    if whole.matches(breakage.old).count() != 1 {
        return "**does not apply**";
    }
    let broken = whole.replace(breakage.old, breakage.new);
    if std::fs::write(&file, broken).is_err() {
        return "**cannot be written**";
    }
    let outcome = test(breakage, clone, target);
    let _ = std::fs::write(&file, whole);
    outcome
}

fn test(breakage: &Breakage, clone: &Path, target: &PathBuf) -> &'static str {
    let cargo = |extra: &[&str]| {
        let mut command = Command::new("cargo");
        command.current_dir(clone).env("CARGO_TARGET_DIR", target).env("RUST_BACKTRACE", "0").arg("test");
        match breakage.binary {
            "lib" => command.args(["-q", "-p", "airssys-rt", "--lib"]),
            binary => command.args(["-q", "-p", "tests", "--test", binary]),
        };
        command.args(extra).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    if !cargo(&["--no-run"]).status().is_ok_and(|status| status.success()) {
        return "**does not compile**";
    }
    let Ok(mut running) = cargo(&["--", breakage.filter]).spawn() else { return "**does not run**" };
    let began = Instant::now();
    loop {
        match running.try_wait() {
            Ok(Some(status)) if status.success() => return "**survived**",
            Ok(Some(_)) => return "red",
            Ok(None) if began.elapsed() > LIMIT => {
                let _ = running.kill();
                let _ = running.wait();
                return "red";
            }
            _ => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

fn run(command: &mut Command) {
    let status = command.status().expect("git is there");
    assert!(status.success(), "{command:?}");
}
