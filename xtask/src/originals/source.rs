//! The original contracts' creation code, read from the published crate `eigen-utils` without building it (it would bring
//! 116 more packages). `cargo info` fetches the crate; hashes make sure that it is the code we know. Never committed.

use crate::shell::{cargo, run};
use alloy_primitives::{B256, Bytes, b256, hex, keccak256};
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

/// The release that holds the slashing contracts of April 2025.
const PACKAGE: &str = "eigen-utils-2.0.0";
/// The same as cargo asks for it.
const PACKAGE_SPEC: &str = "eigen-utils@2.0.0";

/// The contracts of the restaking core in that crate.
#[derive(Clone, Debug)]
pub struct Creations {
    /// Operators, delegation, withdrawals.
    pub delegation_manager: Bytes,
    /// Deposits.
    pub strategy_manager: Bytes,
    /// Operator sets, allocations, slashing.
    pub allocation_manager: Bytes,
    /// Who may act for whom.
    pub permission_controller: Bytes,
    /// Beacon chain shares.
    pub eigen_pod_manager: Bytes,
    /// Registration to services, legacy.
    pub avs_directory: Bytes,
}

/// Fetches and reads the creation codes.
///
/// # Errors
/// The crate cannot be fetched, or its code is not the one known here.
pub fn load() -> Result<Creations> {
    let folder = fetch()?.join("src/slashing/core");
    let read = |file: &str, hash: B256| creation(&folder.join(file), hash);
    Ok(Creations {
        delegation_manager: read(
            "delegation_manager.rs",
            b256!("855ea8507b9131af56d28ae1f293c8edfef9f4ca30fc5f7094176a1698fb4b2d"),
        )?,
        strategy_manager: read(
            "strategy_manager.rs",
            b256!("6c9eb3104a56c8624877ba2aa84621ad98471c45a550f32cba3e839b34218d17"),
        )?,
        allocation_manager: read(
            "allocation_manager.rs",
            b256!("c6ef18f85f88f046284ea9c21f6067b8110264bcdacafbcccfe4cbda8fa905e7"),
        )?,
        permission_controller: read(
            "permission_controller.rs",
            b256!("680f7c78163d3914ae995599a699c489d104f7d03be385cab54fcc84026214b9"),
        )?,
        eigen_pod_manager: read(
            "eigen_pod_manager.rs",
            b256!("812b334ac5c7d468802455956e9ba85be4202d5febb379f384ebb8577b2b43ab"),
        )?,
        avs_directory: read(
            "avs_directory.rs",
            b256!("fd365f994a64bd967a229cac420bee5322151bef4ad94ddef2ea7fb82c70fc64"),
        )?,
    })
}

/// The crate's folder in cargo's cache of sources.
fn fetch() -> Result<PathBuf> {
    if let Some(folder) = cached()? {
        return Ok(folder);
    }
    run(cargo().args(["info", "--quiet", PACKAGE_SPEC]).stdout(Stdio::null()))?;
    cached()?.with_context(|| format!("cargo fetched no {PACKAGE}"))
}

fn cached() -> Result<Option<PathBuf>> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let sources = home.context("neither CARGO_HOME nor HOME is set")?.join("registry/src");
    if !sources.is_dir() {
        return Ok(None);
    }
    for registry in fs::read_dir(sources)? {
        let folder = registry?.path().join(PACKAGE);
        if folder.join("src").is_dir() {
            return Ok(Some(folder));
        }
    }
    Ok(None)
}

/// The first line of hexadecimal documentation of a generated file is its contract's creation code.
fn creation(file: &Path, hash: B256) -> Result<Bytes> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let Some(line) = text.lines().find_map(|line| line.trim_start().strip_prefix("///0x")) else {
        bail!("{} shows no creation code", file.display());
    };
    let code = hex::decode(line.trim())?;
    let found = keccak256(&code);
    ensure!(found == hash, "{}: the creation code's hash is {found}, expected {hash}", file.display());
    Ok(code.into())
}
