//! Real clients against `bulwark dev`: viem, ethers, hardhat, Otterscan's requests, cast and forge, each telling the stories in
//! `tools/clients` on a fresh node. What is checked is said there; here they are found, started and counted.

use crate::{process::Running, shell, tools};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// A client with a script of its own.
struct Client {
    script: &'static str,
    /// Binaries that the script runs, by the name of their npm package.
    programs: &'static [&'static str],
}

const CLIENTS: &[Client] = &[
    Client { script: "clients/viem.mjs", programs: &[] },
    Client { script: "clients/ethers.mjs", programs: &[] },
    Client { script: "clients/hardhat.mjs", programs: &[] },
    Client { script: "clients/otterscan.mjs", programs: &[] },
    Client { script: "clients/foundry.mjs", programs: &["cast", "forge"] },
];

/// Runs every client's story; the output is a table of named checks.
///
/// # Errors
/// The first check that fails; the script has printed the step, the request and the answer.
pub fn run(bulwark: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    for client in CLIENTS {
        let programs = client.programs.iter().map(|name| tools::program(name)).collect::<Result<Vec<_>>>()?;
        let log = folder.path().join("node.log");
        let node = Running::start(bulwark, &["dev", "--silent"], &log)?;
        tell(client.script, &[PathBuf::from(node.url())], &programs)?;
    }
    tell("clients/restart.mjs", &[bulwark.canonicalize()?], &[])
}

fn tell(script: &str, first: &[PathBuf], more: &[PathBuf]) -> Result<()> {
    let mut command = tools::script(script)?;
    command.args(first).args(more);
    shell::run(&mut command).with_context(|| format!("{script}: what failed is said above"))
}
