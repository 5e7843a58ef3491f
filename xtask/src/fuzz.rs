//! Runs every target of the `fuzz` crate for a bounded time. A target stops at the first broken promise and keeps the
//! input; what the targets promise is said there.

use crate::shell::{cargo, root, run};
use anyhow::{Context, Result, ensure};
use clap::Args;
use std::{fs, path::PathBuf};

/// How long and from where.
#[derive(Debug, Args)]
pub struct Options {
    /// Seconds for each target
    #[arg(long, value_name = "N", default_value_t = 30)]
    secs: u64,
    /// Where the stream of choices starts: the same seed repeats a run; by default taken from the clock
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// Each target in turn.
///
/// # Errors
/// A target breaks a promise, or does not build.
pub fn run_all(options: &Options) -> Result<()> {
    let targets = targets()?;
    ensure!(!targets.is_empty(), "fuzz/src/bin holds no target");
    for target in targets {
        let mut fuzz = cargo();
        fuzz.args(["run", "--quiet", "--package", "fuzz", "--bin", &target, "--"]);
        fuzz.args(["--secs", &options.secs.to_string()]);
        if let Some(seed) = options.seed {
            fuzz.args(["--seed", &seed.to_string()]);
        }
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
