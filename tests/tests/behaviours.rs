//! Every behaviour on the list is shown by a test that has its number in its name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What a system of supervised actors is to do: id, level (core or should), area, given, when.
const BEHAVIOURS: &str = include_str!("../behaviours.tsv");
/// Where tests are.
const PLACES: [&str; 4] = ["tests/tests", "airssys-rt/src", "airssys-rt-macros/src", "ui-tests"];

struct Row {
    level: &'static str,
    title: String,
}

fn rows() -> BTreeMap<&'static str, Row> {
    let cells = |line: &'static str| line.split('\t').collect::<Vec<_>>();
    let row = |cells: Vec<&'static str>| match cells[..] {
        [id, level, area, given, when] => (id, Row { level, title: format!("{area}: {given}; {when}") }),
        _ => panic!("not five cells: {cells:?}"),
    };
    BEHAVIOURS.lines().skip(1).map(cells).map(row).collect()
}

/// The numbers at the beginning of a test's name: `c012_c013_a_transient_child…` has two.
fn ids(name: &str) -> Vec<String> {
    let number = |word: &&str| {
        word.len() == 4 && word.starts_with('c') && word[1..].bytes().all(|byte| byte.is_ascii_digit())
    };
    name.split('_').take_while(number).map(str::to_uppercase).collect()
}

fn word(text: &str) -> &str {
    let end = text.find(|character: char| !character.is_alphanumeric() && character != '_');
    &text[..end.unwrap_or(text.len())]
}

/// The names of the tests in a source file: functions below a test's attribute, and those that a macro makes of
/// its first argument.
fn tests(source: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut attribute = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            attribute = true;
        } else if let Some(function) = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ") {
            if std::mem::take(&mut attribute) {
                names.push(word(function));
            }
        } else if let Some((name, arguments)) = line.split_once("!(")
            && word(name) == name
            && arguments[word(arguments).len()..].starts_with([',', ')'])
        {
            names.push(word(arguments));
        }
    }
    names
}

fn sources(place: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(place).unwrap_or_else(|error| panic!("{}: {error}", place.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn a_test_is_known_by_its_attribute_and_may_show_several_behaviours() {
    let source = "
        #[tokio::test(start_paused = true)]
        async fn c012_c013_a_child_stays_down() {}
        fn c001_is_no_test() {}
        controls!(c091_a_stop_passes, Single);
        #[test]
        #[should_panic(expected = \"it\")]
        fn c1_c0022_and_cabc_are_no_numbers() {}
        assert!(c002_is_no_test());
    ";
    let names = tests(source);
    let all: BTreeSet<_> = names.iter().flat_map(|name| ids(name)).collect();
    assert!(names.contains(&"c1_c0022_and_cabc_are_no_numbers"));
    assert!(!names.contains(&"c001_is_no_test"));
    assert_eq!(all, ["C012", "C013", "C091"].map(String::from).into());
}

#[test]
fn every_behaviour_is_named_by_at_least_one_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for place in PLACES {
        sources(&root.join(place), &mut files);
    }
    let mut shown = BTreeMap::<String, usize>::new();
    let mut count = 0;
    // This file's own examples show nothing.
    for file in files.iter().filter(|file| !file.ends_with("behaviours.rs")) {
        let source = std::fs::read_to_string(file).unwrap();
        for name in tests(&source) {
            let ids = ids(name);
            count += usize::from(!ids.is_empty());
            for id in ids {
                *shown.entry(id).or_default() += 1;
            }
        }
    }
    let rows = rows();
    let missing: Vec<_> = rows
        .iter()
        .filter(|(id, _)| !shown.contains_key(**id))
        .map(|(id, row)| format!("{id} ({}) {}", row.level, row.title))
        .collect();
    assert!(missing.is_empty(), "no test names these:\n{}", missing.join("\n"));
    let unknown: Vec<_> = shown.keys().filter(|id| !rows.contains_key(id.as_str())).collect();
    assert!(unknown.is_empty(), "tests name behaviours that are not on the list: {unknown:?}");
    let of = |level| rows.values().filter(|row| row.level == level).count();
    let (core, should) = (of("core"), of("should"));
    assert_eq!((rows.len(), core + should), (130, 130), "every row is core or should");
    println!(
        "{} rows, {core} core, {should} should, all named by at least one test ({count} tests)",
        rows.len()
    );
}
