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
