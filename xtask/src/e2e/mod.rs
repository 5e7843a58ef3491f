//! End-to-end checks that need more than cargo: programs from npm, a crate read as data. They install what they use.
//! Everything that needs neither is a test (`cargo test`).

mod anvil;
mod browser;
mod bytecode;
pub mod chance;
mod clients;
mod eigensdk;
pub mod generate;
mod oracle;
mod risk;

use crate::{
    differential, originals,
    shell::{self, Profile},
};
use anyhow::Result;
use clap::ValueEnum;
use std::path::PathBuf;

/// What to run.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Parts, in order; all if none is named
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Node to check, instead of one that is built for it
    #[arg(long, value_name = "BINARY")]
    bulwark: Option<PathBuf>,
    /// First seed of the random chains
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Random chains to judge
    #[arg(long, default_value_t = 4)]
    chains: u64,
    /// Blocks with transactions in each
    #[arg(long, default_value_t = 40)]
    blocks: u64,
    /// Write docs/anvil-differences.md anew (`anvil`)
    #[arg(long)]
    update: bool,
    /// Random sequences of verbs to compare with the original bytecode
    #[arg(long, default_value_t = 20)]
    sequences: u64,
}

/// A part of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The native contracts against the original bytecode, on a fixed story
    Originals,
    /// The same on random sequences of verbs; `cargo xtask differential` runs many more
    Differential,
    /// Random blocks of a running node against an independent EVM
    Oracle,
    /// viem, ethers, hardhat, Otterscan's requests, cast and forge against a running node
    Clients,
    /// EigenLayer's Rust SDK against a running node
    Eigensdk,
    /// The same requests to anvil: differences without a recorded reason fail
    Anvil,
    /// Networks of restaking read from the original bytecode on two nodes, against the native node's own state
    Risk,
    /// A real browser: pages of other origins that try to sign or change state, and every page of our own
    Browser,
}

/// Runs the checks.
///
/// # Errors
/// The first that fails.
pub fn run(options: &Options) -> Result<()> {
    let parts = if options.parts.is_empty() { Part::value_variants() } else { options.parts.as_slice() };
    let node = || shell::bulwark(Profile::Dev, options.bulwark.as_ref());
    for part in parts {
        match part {
            Part::Originals => originals::smoke::run()?,
            Part::Differential => {
                differential::compare(&differential::Options::short(options.sequences))?;
            }
            Part::Oracle => {
                let bulwark = node()?;
                for seed in options.seed..options.seed.saturating_add(options.chains) {
                    oracle::run(&bulwark, seed, options.blocks)?;
                }
            }
            Part::Clients => clients::run(&node()?)?,
            Part::Eigensdk => eigensdk::run(&node()?)?,
            Part::Anvil => anvil::run(&node()?, options.update)?,
            Part::Risk => risk::run(&node()?)?,
            Part::Browser => browser::run(&node()?)?,
        }
    }
    Ok(())
}
