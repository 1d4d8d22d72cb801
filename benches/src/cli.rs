//! The command line.

use crate::systems::Name;

pub const USAGE: &str = "\
usage: cargo run --release -p benches -- <command>

  instructions [--guard] [--peers]  instructions an operation (callgrind)
  memory [--guard] [--peers]        bytes an idle actor

--guard fails if a figure of ours is above its guard; --peers measures every system.
";

#[derive(Debug)]
pub struct Instructions {
    pub guard: bool,
    pub peers: bool,
}

#[derive(Debug)]
pub struct Memory {
    pub guard: bool,
    pub peers: bool,
}

#[derive(Debug)]
pub enum Command {
    Instructions(Instructions),
    Memory(Memory),
    /// One measurement, in this process; what the other commands start.
    One { what: String, name: Name, arguments: Vec<String> },
}

/// The flags and values after a command; what is left in the end is a mistake.
struct Arguments(Vec<String>);

impl Arguments {
    fn flag(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|argument| argument != name);
        self.0.len() < before
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
        "instructions" => {
            let options = Instructions { guard: rest.flag("--guard"), peers: rest.flag("--peers") };
            rest.end(Command::Instructions(options))
        }
        "memory" => {
            let options = Memory { guard: rest.flag("--guard"), peers: rest.flag("--peers") };
            rest.end(Command::Memory(options))
        }
        "one" => {
            let mut rest = rest.0.into_iter();
            let (Some(what), Some(name)) = (rest.next(), rest.next()) else { return Err(USAGE.to_owned()) };
            let name = Name::parse(&name).ok_or_else(|| format!("no such system: {name}"))?;
            Ok(Command::One { what, name, arguments: rest.collect() })
        }
        _ => Err(USAGE.to_owned()),
    }
}
