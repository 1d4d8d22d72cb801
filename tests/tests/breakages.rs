//! Every breakage that is tried by hand still finds the place that it breaks.

use tests::breakages::ALL;

#[test]
fn every_breakage_applies_to_one_place() {
    let home = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../airssys-rt/src");
    let lost: Vec<_> = ALL
        .iter()
        .filter(|one| {
            let whole = std::fs::read_to_string(home.join(one.file)).unwrap_or_default();
            whole.matches(one.old).count() != 1
        })
        .map(|one| one.name)
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert!(ALL.iter().all(|one| one.old != one.new));
}

#[test]
fn every_breakage_is_given_to_tests_that_there_are() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let lost: Vec<_> = ALL
        .iter()
        // The runtime's own have one binary for all files.
        .filter(|one| one.binary != "lib")
        .filter(|one| {
            let whole = std::fs::read_to_string(here.join(one.binary).with_extension("rs"));
            !whole.is_ok_and(|whole| whole.contains(one.filter))
        })
        .map(|one| one.name)
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
    let names: std::collections::BTreeSet<_> = ALL.iter().map(|one| one.name).collect();
    assert_eq!(names.len(), ALL.len(), "names tell them apart");
}
