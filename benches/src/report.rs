//! What the measurements say, as tables to read and files to keep.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use serde_json::json;

use crate::cases::Case;
use crate::cli::Run;
use crate::runner::Measured;
use crate::systems::Name;

/// `target/bench`, beside the directory of this binary.
pub fn directory() -> Result<PathBuf, String> {
    let ourselves = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = ourselves.ancestors().nth(2).ok_or("the binary lies in no target directory")?;
    let directory = target.join("bench");
    fs::create_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    Ok(directory)
}

/// How ours stands in one case.
pub struct Standing<'a> {
    pub best: &'a Measured,
    /// Above 1: the best rival's cost is that many times ours.
    pub ratio: f64,
    /// The same with the processors far apart, where each rival has a figure of that.
    pub far: Option<f64>,
    pub verdict: &'static str,
}

pub fn standing<'a>(case: &Case, all: &'a [Measured]) -> Option<Standing<'a>> {
    let of = |name: Name| all.iter().find(|measured| measured.case.key == case.key && measured.name == name);
    let ours = of(Name::Airssys)?.median();
    let best = all
        .iter()
        .filter(|measured| measured.case.key == case.key && measured.name.is_rival())
        .min_by(|one, other| one.median().total_cmp(&other.median()))?;
    let ratio = best.median() / ours;
    let far = ratio_far(case, all);
    let beside = case.aim_at.map_or(Some(best), of).map(|measured| measured.median() / ours);
    let floor = case.floor.map(|floor| ratio >= floor);
    let aim = case.aim.zip(beside).map(|(aim, ratio)| ratio >= aim);
    let verdict = match (floor, aim) {
        (Some(true), Some(true)) => "aim met",
        (Some(true), _) => "floor met",
        (Some(false), _) => "**floor missed**",
        (None, _) => "",
    };
    Some(Standing { best, ratio, far, verdict })
}

fn ratio_far(case: &Case, all: &[Measured]) -> Option<f64> {
    let those = || all.iter().filter(|measured| measured.case.key == case.key);
    let ours = those().find(|measured| measured.name == Name::Airssys)?.median_far()?;
    let rivals: Option<Vec<f64>> =
        those().filter(|measured| measured.name.is_rival()).map(Measured::median_far).collect();
    Some(rivals?.into_iter().min_by(f64::total_cmp)? / ours)
}

/// What the processors' distance has to do with the table.
pub fn distances(all: &[Measured], anyhow: &[&Case]) -> String {
    let far: usize = all.iter().map(|measured| measured.far.len()).sum();
    let mut text = String::from(
        "The figures are those with the two processors near each other (a word takes less than 100 ns from one to the other, \
         before and after a measurement); `far` is the ratio of those while they were not.\n",
    );
    writeln!(text, "{far} measurements were made while they were far apart.").expect(MEMORY);
    if !anyhow.is_empty() {
        let titles: Vec<_> = anyhow.iter().map(|case| case.title).collect();
        writeln!(text, "Not near often enough, so all figures are in: {}.", titles.join("; ")).expect(MEMORY);
    }
    text
}

/// The table of a run, in Markdown.
pub fn table(options: &Run, all: &[Measured]) -> String {
    let names: Vec<Name> = Name::COLUMNS
        .iter()
        .copied()
        .filter(|name| all.iter().any(|measured| measured.name == *name))
        .collect();
    let mut text = String::from("| case | unit |");
    names.iter().for_each(|name| write!(text, " {} |", name.title()).expect(MEMORY));
    text += " best rival | ratio | far | floor | aim | |\n| --- | --- |";
    text += &" --- |".repeat(names.len() + 6);
    text.push('\n');
    for case in &options.cases {
        write!(text, "| {} | {} |", case.title, case.unit).expect(MEMORY);
        for name in &names {
            let cell = all.iter().find(|measured| measured.case.key == case.key && measured.name == *name);
            match cell {
                Some(cell) => write!(
                    text,
                    " {} ({}-{}) |",
                    number(cell.median()),
                    number(cell.min()),
                    number(cell.max())
                ),
                None => write!(text, " - |"),
            }
            .expect(MEMORY);
        }
        let times = |bound: Option<f64>| bound.map_or_else(|| "-".to_owned(), |bound| format!("{bound} x"));
        let aim = match case.aim_at {
            Some(name) => format!("faster than {}", name.key()),
            None => times(case.aim),
        };
        match standing(case, all) {
            Some(it) => writeln!(
                text,
                " {} | {:.2} | {} | {} | {aim} | {} |",
                it.best.name.title(),
                it.ratio,
                it.far.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")),
                times(case.floor),
                it.verdict
            ),
            None => writeln!(text, " - | - | - | {} | {aim} | |", times(case.floor)),
        }
        .expect(MEMORY);
    }
    text
}

/// Writing to a string fails only where memory does.
const MEMORY: &str = "a string takes what is written to it";

/// Three figures are all that a measurement says.
pub fn number(figure: f64) -> String {
    match figure {
        _ if figure >= 100.0 => format!("{figure:.0}"),
        _ if figure >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

/// Every median with its spread: what `table` says, for programs.
pub fn json(all: &[Measured]) -> String {
    let rows: Vec<_> = all
        .iter()
        .map(|measured| {
            json!({
                "case": measured.case.key,
                "system": measured.name.key(),
                "median": measured.median(),
                "min": measured.min(),
                "max": measured.max(),
                "unit": measured.case.unit,
                "runs": measured.figures.len(),
            })
        })
        .collect();
    format!("{:#}\n", serde_json::Value::Array(rows))
}

/// The cells `floor | aim | verdict` of a figure of which less is better.
pub fn bounds(ours: f64, floor: Option<f64>, aim: Option<f64>) -> String {
    let cell = |bound: Option<f64>| bound.map_or_else(|| "-".to_owned(), |bound| format!("{bound:.0}"));
    let verdict = match (floor, aim) {
        (_, Some(aim)) if ours <= aim => "aim met",
        (Some(floor), _) if ours <= floor => "floor met",
        (Some(_), _) => "**floor missed**",
        (None, _) => "",
    };
    format!("{} | {} | {verdict}", cell(floor), cell(aim))
}

/// Says which guards do not hold; an error if they were asked for.
pub fn guard(asked: bool, broken: Vec<String>) -> Result<(), String> {
    println!();
    if broken.is_empty() {
        println!("Every guard holds.");
        return Ok(());
    }
    let broken = broken.join("\n");
    if asked {
        return Err(format!("a guard is broken:\n{broken}"));
    }
    println!("Above the guard (fails with --guard):\n{broken}");
    Ok(())
}
