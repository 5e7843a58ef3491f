//! The Node.js packages in `tools/`: installed when they are missing or the lock file is newer.
//! They are programs to compare with, never part of the node.

use crate::shell::{root, run};
use anyhow::{Context, Result};
use std::{fs, path::PathBuf, process::Command};

/// `tools/` with its packages installed.
///
/// # Errors
/// npm is missing or fails.
pub fn installed() -> Result<PathBuf> {
    let tools = root().join("tools");
    let lock = fs::metadata(tools.join("package-lock.json"))?.modified()?;
    let done = fs::metadata(tools.join("node_modules/.package-lock.json")).and_then(|it| it.modified());
    if done.is_ok_and(|done| done >= lock) {
        return Ok(tools);
    }
    // No scripts: nothing here needs one, and a package's script could do anything.
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--loglevel=error"]).current_dir(&tools);
    run(&mut npm).context("npm installs what tools/package.json names; Node.js 20 or newer is needed")?;
    Ok(tools)
}

/// A binary of Foundry, such as `anvil` or `cast`: from npm where it has one for this platform, and without npm's start
/// script around it, which would slow its start; else the one on the search path.
///
/// # Errors
/// The packages cannot be installed.
pub fn program(name: &str) -> Result<PathBuf> {
    let scope = installed()?.join("node_modules/@foundry-rs");
    for package in fs::read_dir(&scope).into_iter().flatten() {
        let binary = package?.path().join("bin").join(name);
        if binary.is_file() {
            return Ok(binary);
        }
    }
    Ok(PathBuf::from(name))
}

/// A command that runs one of our scripts in `tools/`.
///
/// # Errors
/// The packages cannot be installed.
pub fn script(name: &str) -> Result<Command> {
    let tools = installed()?;
    let mut node = Command::new("node");
    node.current_dir(&tools).arg(name);
    Ok(node)
}
