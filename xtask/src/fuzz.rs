//! Runs every target of the `fuzz` workspace for a bounded time. A target stops at the first broken promise and keeps the
//! input; what the targets promise is said there.

use crate::shell::{cargo, root, run};
use anyhow::{Context, Result, ensure};
use std::{fs, path::PathBuf};

/// Each target in turn, for `secs` seconds.
///
/// # Errors
/// A target breaks a promise, or does not build.
pub fn run_all(secs: u64) -> Result<()> {
    let targets = targets()?;
    ensure!(!targets.is_empty(), "fuzz/src/bin holds no target");
    for target in targets {
        let mut fuzz = cargo();
        fuzz.args(["run", "--quiet", "--manifest-path", "fuzz/Cargo.toml", "--bin", &target, "--"]);
        fuzz.args(["--secs", &secs.to_string()]);
        run(&mut fuzz).with_context(|| format!("fuzz target {target}"))?;
    }
    Ok(())
}

/// The targets' names: one file each.
fn targets() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("fuzz/src/bin"))? {
        let path: PathBuf = entry?.path();
        names.extend(path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}
