//! The same requests to anvil and to Bulwark, side by side (`tools/anvil`): shapes and values of the answers. Differences
//! are recorded with reasons in docs/anvil-differences.md; one that is not, or is gone, fails. Not a bench.

use crate::{process::Running, shell, tools};
use anyhow::{Context, Result};
use std::path::Path;

/// The time of block 0 on both: any past one, so that blocks have the clock's distance from it.
const TIMESTAMP: &str = "1700000000";
/// The gas limit of a block on both.
const GAS_LIMIT: &str = "30000000";
/// anvil's base fee is that of the first block mined, in wei.
const ANVIL_BASE_FEE: &str = "1000000000";
/// Bulwark's is that of block 0, as a genesis file has it: an eighth falls off until the first block mined.
const BULWARK_BASE_FEE: &str = "1142857142";

/// Compares, and with `update` writes the document.
///
/// # Errors
/// A node does not start, or differences and records do not agree; the script has printed them.
pub fn run(bulwark: &Path, update: bool) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let common = ["--silent", "--timestamp", TIMESTAMP, "--gas-limit", GAS_LIMIT, "--base-fee"];
    let ours = [&["dev"], common.as_slice(), &[BULWARK_BASE_FEE]].concat();
    let theirs = [common.as_slice(), &[ANVIL_BASE_FEE, "--hardfork", "osaka", "--steps-tracing"]].concat();
    let ours = Running::start(bulwark, &ours, &folder.path().join("bulwark.log"))?;
    let theirs = Running::start(&tools::program("anvil")?, &theirs, &folder.path().join("anvil.log"))?;
    let mut compare = tools::script("anvil/compare.mjs")?;
    compare.args([theirs.url(), ours.url()]).arg(shell::root().join("docs/anvil-differences.md"));
    if update {
        compare.arg("--update");
    }
    shell::run(&mut compare).context("anvil and Bulwark: differences and records do not agree, see above")
}
