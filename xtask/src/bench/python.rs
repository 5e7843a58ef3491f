//! A Python of our own for baselines: an environment under `target` with exactly the wheels that a bench names. Where
//! there is none to be had, a bench says so and gives our figures alone.

use crate::shell::{root, run};
use anyhow::{Context, Result};
use std::{path::PathBuf, process::Command};

/// Interpreters tried, in order: the first for which wheels of all baselines exist.
const INTERPRETERS: [&str; 2] = ["python3.11", "python3"];

/// An interpreter with these packages, each `name==version`; installs what is missing.
///
/// # Errors
/// No interpreter with `venv`, or no registry to install from.
pub fn with(packages: &[&str]) -> Result<PathBuf> {
    let home = root().join("target/baselines");
    let interpreter = home.join("bin/python3");
    if !interpreter.is_file() {
        let made = INTERPRETERS
            .into_iter()
            .map(|python| run(Command::new(python).args(["-m", "venv"]).arg(&home)))
            .find(Result::is_ok);
        made.context("no python3 with venv made an environment")??;
    }
    let mut install = Command::new(&interpreter);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(packages);
    run(&mut install).with_context(|| format!("cannot install {}", packages.join(" ")))?;
    Ok(interpreter)
}
