//! Measures airssys-rt beside its peers: see NOTES.md for how, and `-- list` for what.

mod cli;
mod heap;
mod instructions;
mod memory;
mod report;
mod runner;
mod systems;

use std::process::ExitCode;

use cli::Command;
use systems::Name;

fn main() -> ExitCode {
    let outcome = cli::parse(std::env::args().skip(1)).and_then(|command| match command {
        Command::Instructions(options) => instructions::run(&options),
        Command::Memory(options) => memory::run(&options),
        Command::One { what, name, arguments } => one(&what, name, &arguments),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// One measurement in this process, its figures on the standard output.
fn one(what: &str, name: Name, arguments: &[String]) -> Result<(), String> {
    let figures = match (what, arguments) {
        ("memory", []) => memory::measure(name),
        ("instructions", [key, operations]) => {
            instructions::work(key, name, operations.parse().map_err(|_| "a number of operations")?)?
        }
        _ => return Err(format!("no such measurement: {what} {}", arguments.join(" "))),
    };
    runner::print(&figures);
    Ok(())
}
