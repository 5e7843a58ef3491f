//! EigenLayer's own Rust SDK against `bulwark dev`: the story in `tools/eigensdk`, a workspace of its own because the SDK
//! brings hundreds of packages. What of the SDK cannot work is in docs/tools.md.

use crate::{process::Running, shell};
use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;
use std::path::Path;

/// Builds the story and tells it to a fresh node.
///
/// # Errors
/// The build, or the first check that fails.
pub fn run(bulwark: &Path) -> Result<()> {
    let manifest = shell::root().join("tools/eigensdk/Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(shell::root().join("Cargo.toml")).no_deps().exec()?;
    let target = metadata.target_directory.join("eigensdk");
    let folder = tempfile::tempdir()?;
    let node = Running::start(bulwark, &["dev", "--silent"], &folder.path().join("node.log"))?;
    let mut story = shell::cargo();
    story.args(["run", "--quiet", "--locked", "--manifest-path"]).arg(manifest);
    story.arg("--target-dir").arg(target).args(["--", &node.url()]);
    shell::run(&mut story).context("EigenLayer's SDK: what failed is said above")
}
