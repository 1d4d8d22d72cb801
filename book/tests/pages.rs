//! The pages name what there is: each other, files, tests, rows of the list of behaviours.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const BEHAVIOURS: &str = include_str!("../../tests/behaviours.tsv");
/// What stands in a fence and is not compiled as Rust.
const OTHER_LANGUAGES: [&str; 5] = ["text", "sh", "toml", "erlang", "scala"];

fn book() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn root() -> &'static Path {
    book().parent().expect("a workspace around the package")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(place: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(place).unwrap_or_else(|error| panic!("{}: {error}", place.display())) {
        let path = entry.expect("an entry that can be read").path();
        if path.is_dir() {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|other| other == extension) {
            found.push(path);
        }
    }
}

/// Every chapter, by its path from `src`, with its text.
fn chapters() -> BTreeMap<String, String> {
    let src = book().join("src");
    let mut found = Vec::new();
    files(&src, "md", &mut found);
    let named = found.into_iter().map(|path| {
        let name = path.strip_prefix(&src).expect("it lies in it").to_string_lossy().replace('\\', "/");
        (name, read(&path))
    });
    named.filter(|(name, _)| name != "SUMMARY.md").collect()
}

/// The text outside of fences, and the fences: what stands behind the backquotes, and the lines.
fn parts(page: &str) -> (String, Vec<(String, String)>) {
    let (mut prose, mut fences) = (String::new(), Vec::new());
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some("")) => fences.extend(open.take()),
            (Some((_, text)), _) => *text += &format!("{line}\n"),
            (None, Some(language)) => open = Some((language.to_owned(), String::new())),
            (None, None) => prose += &format!("{line}\n"),
        }
    }
    assert!(open.is_none(), "a fence that is not closed");
    (prose, fences)
}

/// The targets of links and pictures: `[text](target)`.
fn links(prose: &str) -> Vec<&str> {
    let ends = prose.split("](").skip(1);
    ends.map(|rest| rest.split(')').next().unwrap_or_default()).collect()
}

/// What stands between backquotes.
fn code(prose: &str) -> Vec<&str> {
    prose.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

/// The anchors that mdBook gives to the headings of a page.
fn anchors(page: &str) -> BTreeSet<String> {
    let (prose, _) = parts(page);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let kept = heading.trim_start_matches('#').trim().chars().filter_map(|letter| match letter {
            ' ' => Some('-'),
            '-' | '_' => Some(letter),
            _ if letter.is_alphanumeric() => letter.to_lowercase().next(),
            _ => None,
        });
        kept.collect()
    };
    headings.map(anchor).collect()
}

/// Whether a word begins with the number of a row: a capital C and three digits.
fn is_row(word: &str) -> bool {
    let number = word.strip_prefix('C').and_then(|rest| rest.get(..3));
    number.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The rows that a text names.
fn rows(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| word.len() == 4 && is_row(word)).map(str::to_owned).collect()
}

#[test]
fn the_summary_lists_every_chapter_once() {
    let summary = read(&book().join("src/SUMMARY.md"));
    let mut listed = links(&summary);
    listed.sort_unstable();
    assert_eq!(listed, chapters().keys().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn the_code_of_every_chapter_is_compiled() {
    let lib = read(&book().join("lib.rs"));
    let forgotten: Vec<_> =
        chapters().into_keys().filter(|name| !lib.contains(&format!("= {name:?};"))).collect();
    assert!(forgotten.is_empty(), "not in lib.rs: {forgotten:?}");
}

#[test]
fn a_block_is_rust_that_runs_or_says_what_else_it_is() {
    let mut programs = 0;
    for (name, page) in chapters() {
        for (language, text) in parts(&page).1 {
            match language.as_str() {
                "rust" => programs += 1,
                "rust,compile_fail" => {}
                // It is compiled where it lies: by this package, or by `benches`.
                "rust,ignore" => {
                    let path =
                        text.trim().strip_prefix("{{#include ").and_then(|rest| rest.strip_suffix("}}"));
                    let Some((path, anchor)) = path.and_then(|path| path.rsplit_once(':')) else {
                        panic!("{name}: a block that is not compiled is nothing but an `#include`:\n{text}");
                    };
                    let included = book().join("src").join(&name).with_file_name("").join(path);
                    let source = read(&included);
                    assert!(source.contains(&format!("// ANCHOR: {anchor}\n")), "{path}: no anchor {anchor}");
                    let compiled =
                        ["side_by_side/", "benches/examples/"].iter().any(|place| path.contains(place));
                    assert!(compiled, "{name}: nobody compiles {path}");
                }
                other => assert!(OTHER_LANGUAGES.contains(&other), "{name}: a block in `{other}`"),
            }
        }
    }
    println!("{programs} programs");
    assert!(programs > 25);
}

#[test]
fn every_link_leads_somewhere() {
    let chapters = chapters();
    let mut count = 0;
    for (name, page) in &chapters {
        for link in links(&parts(page).0) {
            if link.starts_with("https://") {
                continue;
            }
            count += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                Path::new(name).to_owned()
            } else {
                Path::new(name).with_file_name(file)
            };
            let path = book().join("src").join(&target);
            assert!(path.exists(), "{name}: no file for {link}");
            let known = anchor.is_empty() || anchors(&read(&path)).contains(anchor);
            assert!(known, "{name}: no heading for {link}");
        }
    }
    println!("{count} links");
    assert!(count > 50);
}

#[test]
fn every_file_that_is_named_exists() {
    let mut count = 0;
    for (name, page) in chapters() {
        for word in code(&parts(&page).0) {
            let file = [".rs", ".md", ".toml", ".tsv", "/"].iter().any(|end| word.ends_with(end));
            if file && word.contains('/') && !word.contains([' ', '*', '<', '(', ':', '"']) {
                count += 1;
                assert!(root().join(word).exists(), "{name} names a file that does not exist: {word}");
            }
        }
    }
    println!("{count} files");
    assert!(count > 10);
}

#[test]
fn every_test_and_program_that_is_named_exists() {
    let mut sources = Vec::new();
    files(&root().join("tests/tests"), "rs", &mut sources);
    let tests: String = sources.iter().map(|path| read(path)).collect();
    let mut count = 0;
    for (name, page) in chapters() {
        let (prose, fences) = parts(&page);
        for word in
            code(&prose).into_iter().filter(|word| word.starts_with('c') && is_row(&word.to_uppercase()))
        {
            count += 1;
            assert!(tests.contains(&format!("fn {word}(")), "{name} names a test that there is not: {word}");
        }
        let blocks =
            fences.iter().filter(|(language, _)| language == "sh").flat_map(|(_, text)| text.lines());
        let commands = blocks.chain(code(&prose)).filter(|line| line.starts_with("cargo "));
        for words in commands.map(|line| line.split_whitespace().collect::<Vec<_>>()) {
            for pair in words.windows(2) {
                let places = match pair[0] {
                    "-p" => vec![pair[1].to_owned()],
                    "--test" => vec![format!("tests/tests/{}.rs", pair[1])],
                    "--bin" => vec![format!("tests/src/bin/{}.rs", pair[1])],
                    "--example" => ["examples/", "benches/examples/"]
                        .iter()
                        .flat_map(|place| {
                            [format!("{place}{}.rs", pair[1]), format!("{place}{}/main.rs", pair[1])]
                        })
                        .collect(),
                    _ => continue,
                };
                count += 1;
                let exists = places.iter().any(|place| root().join(place).exists());
                assert!(exists, "{name}: `{}`: there is no {places:?}", words.join(" "));
            }
        }
    }
    println!("{count} tests and programs");
    assert!(count > 8);
}

#[test]
fn every_picture_is_shown_and_says_what_it_shows() {
    let shown: BTreeSet<_> = chapters()
        .values()
        .flat_map(|page| links(page).into_iter().filter(|link| link.ends_with(".svg")).map(str::to_owned))
        .collect();
    let mut pictures = Vec::new();
    files(&book().join("src/pictures"), "svg", &mut pictures);
    for picture in &pictures {
        let name = picture.file_name().expect("a name").to_string_lossy();
        assert!(shown.contains(&format!("pictures/{name}")), "nobody shows {name}");
        assert!(read(picture).contains("<title>"), "{name} has no title");
    }
    assert_eq!(shown.len(), pictures.len());
}

#[test]
fn every_behaviour_is_on_the_page_of_promises_with_the_tests_that_show_it() {
    let all: BTreeSet<_> = BEHAVIOURS.lines().skip(1).map(|line| line[..4].to_owned()).collect();
    let chapters = chapters();
    for (name, page) in &chapters {
        let unknown: Vec<_> = rows(page).difference(&all).cloned().collect();
        assert!(unknown.is_empty(), "{name} names behaviours that there are not: {unknown:?}");
    }
    let mut listed = BTreeSet::new();
    for line in chapters["promises.md"].lines().filter(|line| line.starts_with("| C")) {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [id, promise, tests] = cells[..] else { panic!("not three cells: {line}") };
        assert!(promise.ends_with('.'), "no sentence: {line}");
        assert!(listed.insert(id.to_owned()), "twice: {id}");
        let number = format!("{}_", id.to_lowercase());
        for test in code(tests) {
            let source = read(&root().join("tests/tests").join(test).with_extension("rs"));
            let shows = source
                .lines()
                .filter_map(|line| line.trim().trim_start_matches("async ").split_once("fn "))
                .any(|(_, name)| name.starts_with('c') && name.contains(&number));
            // A macro may make the test of its first argument.
            let shows = shows || source.lines().any(|line| line.contains("!(c") && line.contains(&number));
            assert!(shows, "no test of {id} in tests/tests/{test}.rs");
        }
        assert!(!code(tests).is_empty(), "no test: {line}");
    }
    assert_eq!(listed, all);
}

#[test]
fn what_reads_a_page_finds_what_is_there() {
    let page = "# One `two`-three?\n[a](b.md#c) `x/y.rs`\n```text\n[no](link)\n```\nC001, C12 and xC0021\n";
    let (prose, fences) = parts(page);
    assert_eq!(links(&prose), ["b.md#c"]);
    assert_eq!(code(&prose), ["two", "x/y.rs"]);
    assert_eq!(fences, [("text".to_owned(), "[no](link)\n".to_owned())]);
    assert!(anchors(page).contains("one-two-three"));
    assert_eq!(rows(page), BTreeSet::from(["C001".to_owned()]));
}
