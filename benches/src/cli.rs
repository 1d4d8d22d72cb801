//! The command line.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::cases::{CASES, Case, Effort};
use crate::growth;
use crate::systems::Name;

pub const USAGE: &str = "\
usage: cargo run --release -p benches -- <command>

  list                              the cases and the systems
  run [--quick] [--only CASE]… [--systems A,B] [--rounds N] [--seed N]
                                    every case on every system: a table, target/bench/results.json and results.svg
  instructions [--guard] [--peers]  instructions an operation (callgrind)
  memory [--guard] [--peers]        bytes an idle actor
  growth [--quick] [--instructions] [--only ROW]…
                                    costs as numbers grow, in time or (callgrind) in instructions
  fairness                          what a flood does to everybody else
  compile                           build times and sizes of a small program

--quick takes under ten minutes on two cores; --guard fails if a figure of ours is above its guard; --peers measures
every system. Without the feature `peers` (`--no-default-features`), there are ours and the Tokio actor alone.
";

#[derive(Debug)]
pub struct Run {
    pub effort: Effort,
    pub cases: Vec<&'static Case>,
    pub systems: Vec<Name>,
    /// Erlang, too, where it is installed.
    pub all_systems: bool,
    pub rounds: usize,
    pub seed: u64,
}

#[derive(Debug)]
pub struct Guarded {
    pub guard: bool,
    pub peers: bool,
}

#[derive(Debug)]
pub enum Command {
    List,
    Run(Run),
    Instructions(Guarded),
    Memory(Guarded),
    Growth(growth::Options),
    Fairness,
    Compile,
    /// One measurement, in this process; what the other commands start.
    One {
        what: String,
        name: Name,
        arguments: Vec<String>,
    },
}

/// The flags and values after a command; what is left in the end is a mistake.
struct Arguments(Vec<String>);

impl Arguments {
    fn flag(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|argument| argument != name);
        self.0.len() < before
    }

    fn value(&mut self, name: &str) -> Result<Option<String>, String> {
        let Some(at) = self.0.iter().position(|argument| argument == name) else { return Ok(None) };
        if at + 1 == self.0.len() {
            return Err(format!("`{name}` needs a value"));
        }
        let value = self.0.remove(at + 1);
        self.0.remove(at);
        Ok(Some(value))
    }

    fn values(&mut self, name: &str) -> Result<Vec<String>, String> {
        let mut values = Vec::new();
        while let Some(value) = self.value(name)? {
            values.push(value);
        }
        Ok(values)
    }

    fn number(&mut self, name: &str) -> Result<Option<u64>, String> {
        self.value(name)?
            .map(|value| value.parse().map_err(|_| format!("`{name}` needs a number, not `{value}`")))
            .transpose()
    }

    fn end<T>(self, command: T) -> Result<T, String> {
        match self.0.first() {
            None => Ok(command),
            Some(unknown) => Err(format!("unknown argument `{unknown}`\n\n{USAGE}")),
        }
    }
}

pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let command = arguments.next().ok_or(USAGE)?;
    let mut rest = Arguments(arguments.collect());
    match command.as_str() {
        "list" => rest.end(Command::List),
        "run" => run(rest),
        "instructions" => {
            let options = Guarded { guard: rest.flag("--guard"), peers: rest.flag("--peers") };
            rest.end(Command::Instructions(options))
        }
        "memory" => {
            let options = Guarded { guard: rest.flag("--guard"), peers: rest.flag("--peers") };
            rest.end(Command::Memory(options))
        }
        "growth" => {
            let (quick, instructions) = (rest.flag("--quick"), rest.flag("--instructions"));
            let only = rest.values("--only")?;
            rest.end(Command::Growth(growth::Options { only, quick, instructions }))
        }
        "fairness" => rest.end(Command::Fairness),
        "compile" => rest.end(Command::Compile),
        "one" => {
            let mut rest = rest.0.into_iter();
            let (Some(what), Some(name)) = (rest.next(), rest.next()) else { return Err(USAGE.to_owned()) };
            Ok(Command::One { what, name: system(&name)?, arguments: rest.collect() })
        }
        _ => Err(USAGE.to_owned()),
    }
}

fn run(mut rest: Arguments) -> Result<Command, String> {
    let effort = if rest.flag("--quick") { Effort::QUICK } else { Effort::FULL };
    let only = rest.values("--only")?;
    if let Some(unknown) = only.iter().find(|key| !CASES.iter().any(|case| case.key == **key)) {
        return Err(format!("no such case: {unknown}; `list` names them"));
    }
    let cases =
        CASES.iter().filter(|case| only.is_empty() || only.iter().any(|key| key == case.key)).collect();
    let chosen = rest.value("--systems")?;
    let systems = match &chosen {
        Some(names) => names.split(',').map(system).collect::<Result<_, _>>()?,
        None => Name::ALL.to_vec(),
    };
    let rounds = rest.number("--rounds")?.map_or(effort.rounds(), |rounds| rounds.max(1) as usize);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs());
    // Zero is the one number that a xorshift does not leave.
    let seed = rest.number("--seed")?.unwrap_or(now).max(1);
    rest.end(Command::Run(Run { effort, cases, systems, all_systems: chosen.is_none(), rounds, seed }))
}

fn system(key: &str) -> Result<Name, String> {
    Name::parse(key).ok_or_else(|| format!("no such system: {key}; `list` names them"))
}
