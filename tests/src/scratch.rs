//! A program of its own for a test: what has to be compiled in its own way, or from somebody else's text.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the workspace.
///
/// # Panics
/// Never: the package lies in a workspace.
#[must_use]
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace around the package").to_owned()
}

/// A package of its own, that shares the workspace's lock file and target directory: what is built there is not
/// built again, and nothing is fetched.
pub struct Project {
    root: PathBuf,
    target: PathBuf,
}

impl Project {
    /// Makes it anew below the target directory's `tmp`; `more` goes to the end of its manifest.
    ///
    /// # Panics
    /// Where the target directory cannot be written.
    #[must_use]
    pub fn new(tmp: &str, name: &str, more: &str) -> Self {
        let tmp = Path::new(tmp);
        let target = tmp.parent().expect("a target directory").to_owned();
        let root = tmp.join(name);
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(&root).expect("the target directory can be written");
        let runtime = workspace().join("airssys-rt");
        let manifest = format!(
            r#"
[package]
name = "{name}"
version = "0.0.0"
edition = "2024"
publish = false

[dependencies]
airssys-rt = {{ path = {runtime:?} }}
thiserror = "2"
tokio = {{ version = "1", features = ["full", "test-util"] }}

# Not a member of the workspace that it lies in.
[workspace]
{more}
"#
        );
        let project = Self { root, target };
        project.write("Cargo.toml", &[&manifest]);
        std::fs::copy(workspace().join("Cargo.lock"), project.root.join("Cargo.lock")).expect("a lock file");
        project
    }

    /// Writes a file of it.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn write(&self, name: &str, parts: &[&str]) {
        let path = self.root.join(name);
        std::fs::create_dir_all(path.parent().expect("a directory"))
            .expect("the target directory can be written");
        std::fs::write(path, parts.concat()).expect("the target directory can be written");
    }

    /// Runs cargo and returns what it and the program printed.
    ///
    /// # Panics
    /// When it fails, with what was printed.
    #[must_use]
    pub fn cargo(&self, arguments: &[&str]) -> String {
        let (command, rest) = arguments.split_first().expect("a command");
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .current_dir(&self.root)
            .args([*command, "--offline", "--target-dir"])
            .arg(&self.target)
            .args(rest)
            .env("RUST_BACKTRACE", "0")
            .output()
            .expect("cargo runs");
        let text =
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        assert!(output.status.success(), "cargo {arguments:?} failed:\n{text}");
        text
    }
}
