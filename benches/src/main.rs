//! Measures airssys-rt beside its peers: see NOTES.md for how, and `-- list` for what.

mod callgrind;
mod cases;
mod chart;
mod cli;
mod compile;
mod distance;
mod fairness;
mod growth;
mod heap;
mod instructions;
mod memory;
mod report;
mod runner;
mod systems;
mod trace;

use std::process::ExitCode;

use cli::Command;
use systems::Name;

fn main() -> ExitCode {
    let outcome = cli::parse(std::env::args().skip(1)).and_then(|command| match command {
        Command::List => {
            list();
            Ok(())
        }
        Command::Run(options) => run(&options),
        Command::Instructions(options) => instructions::run(&options),
        Command::Memory(options) => memory::run(&options),
        Command::One { what, name, arguments } => one(&what, name, &arguments),
        Command::Growth(options) => growth::run(&options),
        Command::Fairness => fairness::run(),
        Command::Compile => compile::run(),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn list() {
    println!("cases:");
    cases::CASES.iter().for_each(|case| println!("  {:<14} {}", case.key, case.title));
    println!("\nsystems:");
    Name::ALL.iter().for_each(|name| println!("  {:<14} {}", name.key(), name.title()));
}

/// Every case on every system: the table, and the files.
fn run(options: &cli::Run) -> Result<(), String> {
    let directory = report::directory()?;
    println!("seed {}, {} rounds, {}\n", options.seed, options.rounds, options.effort.key());
    let runner::Found { measured, failures, anyhow } = runner::run(options);
    println!("{}", report::table(options, &measured));
    println!("{}", report::distances(&measured, &anyhow));
    let (numbers, picture) = (directory.join("results.json"), directory.join("results.svg"));
    std::fs::write(&numbers, report::json(&measured)).map_err(|error| error.to_string())?;
    chart::draw(&options.cases, &measured, &picture).map_err(|error| error.to_string())?;
    println!("written: {} and {}", numbers.display(), picture.display());
    if failures.is_empty() { Ok(()) } else { Err(format!("not measured:\n{}", failures.join("\n"))) }
}

/// One measurement in this process, its figures on the standard output.
fn one(what: &str, name: Name, arguments: &[String]) -> Result<(), String> {
    let figures = match (what, arguments) {
        ("memory", []) => memory::measure(name),
        ("instructions", [key, operations]) => {
            instructions::work(key, name, operations.parse().map_err(|_| "a number of operations")?)?
        }
        ("growth", [key, size, counted @ ..]) => {
            growth::measure(key, size.parse().map_err(|_| "a size")?, counted.first().cloned())?
        }
        ("fairness", [runtime]) => fairness::measure(name, runtime)?,
        ("case", [key, effort]) => cases::measure(key, name, cases::Effort::parse(effort)?)?,
        _ => return Err(format!("no such measurement: {what} {}", arguments.join(" "))),
    };
    runner::print(&figures);
    Ok(())
}
