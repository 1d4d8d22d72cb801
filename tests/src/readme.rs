//! The code of the README is run as a test, and the files that it names exist.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// What stands between backquotes and looks like a path of this repository.
    fn paths(text: &str) -> impl Iterator<Item = &str> {
        text.split('`').skip(1).step_by(2).filter(|word| {
            let file = [".rs", ".md", ".toml", "/"].iter().any(|end| word.ends_with(end));
            file && word.contains('/') && !word.contains([' ', '*', '{', '<', '(', ':'])
        })
    }

    #[test]
    fn every_file_that_the_readme_names_exists() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let readme = std::fs::read_to_string(root.join("README.md")).expect("a README");
        let missing: Vec<&str> = paths(&readme).filter(|path| !root.join(path).exists()).collect();
        assert!(missing.is_empty(), "the README names files that do not exist: {missing:?}");
        assert!(paths(&readme).count() > 10, "it names where its promises are shown");
    }
}
