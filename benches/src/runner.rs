//! Runs one measurement a process, so that none inherits another's heap, timers or threads.

use std::process::{Command, Stdio};

use crate::systems::Name;

/// One figure of a measurement; one process may give several.
#[derive(Clone, Debug)]
pub struct Figure {
    pub key: String,
    pub value: f64,
}

impl Figure {
    pub fn new(key: impl Into<String>, value: f64) -> Self {
        Self { key: key.into(), value }
    }
}

/// Writes what [`one`] reads.
pub fn print(figures: &[Figure]) {
    for figure in figures {
        println!("{}\t{}", figure.key, figure.value);
    }
}

/// Runs this binary again for one measurement, and reads its figures.
pub fn one(what: &str, name: Name, arguments: &[String]) -> Result<Vec<Figure>, String> {
    let told = || format!("{what} of {} {}", name.key(), arguments.join(" "));
    let ourselves = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(ourselves)
        .args(["one", what, name.key()])
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{}: {error}", told()))?;
    if !output.status.success() {
        return Err(format!("{}: {}", told(), output.status));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    said.lines()
        .map(|line| {
            let (key, value) = line.split_once('\t')?;
            Some(Figure::new(key, value.parse().ok()?))
        })
        .collect::<Option<_>>()
        .ok_or_else(|| format!("{} said {said}", told()))
}
