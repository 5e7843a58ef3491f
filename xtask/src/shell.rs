//! Where the workspace lies, and running other programs with an error that names the command.
//! What those programs are for is said where they are called.

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A build profile of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// What `cargo test` builds.
    Dev,
    /// What users run, and what is measured.
    Release,
}

/// The root of the workspace.
pub fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// A command of the cargo that runs us, in the root.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs a command with our own output.
///
/// # Errors
/// It does not start, or ends with another status than zero.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}

/// Runs a command and returns what it wrote to its standard output.
///
/// # Errors
/// It does not start, ends with another status than zero, or writes what is not UTF-8.
pub fn capture(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        bail!("{command:?} ended with {}: {}", output.status, said.concat());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Builds the `bulwark` binary and returns its path; `given` is one that is built already.
///
/// # Errors
/// The build fails.
pub fn bulwark(profile: Profile, given: Option<&PathBuf>) -> Result<PathBuf> {
    if let Some(binary) = given {
        return Ok(binary.clone());
    }
    let mut build = cargo();
    build.args(["build", "--quiet", "--package", "node", "--bin", "bulwark"]);
    if profile == Profile::Release {
        build.arg("--release");
    }
    run(&mut build)?;
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec()?;
    let folder = match profile {
        Profile::Dev => "debug",
        Profile::Release => "release",
    };
    Ok(metadata.target_directory.join(folder).join("bulwark").into())
}
