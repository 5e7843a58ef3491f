//! `cargo xtask bench`: every figure that the documents claim, each against a baseline measured in the same run.
//! A section can be run alone; the others keep their place in `docs/benchmarks.md`.

mod allocations;
mod audit;
mod index;
mod losses;
mod mining;
mod pages;
mod python;
mod report;
mod risk;
mod rpc;
mod socket;
mod startup;
mod throughput;
mod trie;
mod verbs;

use crate::{
    shell::{self, Profile},
    tools,
};
use anyhow::Result;
use std::path::PathBuf;

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Sections, in order; all if none is named
    #[arg(value_enum)]
    sections: Vec<Name>,
    /// Node to measure, instead of one that is built for it
    #[arg(long, value_name = "BINARY")]
    bulwark: Option<PathBuf>,
}

/// A section of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Name {
    /// Time to ready and memory, against anvil
    Startup,
    /// Transactions a second over RPC, against anvil
    Throughput,
    /// Questions a second and latency of subscriptions, against anvil
    Rpc,
    /// `anvil_mine` of 100,800 blocks, against anvil
    Mining,
    /// The state trie
    Trie,
    /// Slack of restaking networks, certificates, elastic robustness
    Risk,
    /// Verbs, against the original bytecode in the same EVM
    Verbs,
    /// The restaking index: a position among a million, and its cost against blocks without it
    Index,
    /// The pages for people: on the demo's chain, and with a million stakers
    Pages,
    /// The auditor, by the number of stakers
    Audit,
    /// Simulated losses, against numpy
    RiskLosses,
}

/// The programs compared.
struct Subjects {
    bulwark: PathBuf,
    anvil: PathBuf,
}

impl Subjects {
    fn ready(options: &Options) -> Result<Self> {
        let bulwark = shell::bulwark(Profile::Release, options.bulwark.as_ref())?;
        Ok(Self { bulwark, anvil: tools::program("anvil")? })
    }
}

/// Measures and publishes.
///
/// # Errors
/// A build or a measurement fails.
pub fn run(options: &Options) -> Result<()> {
    let all = [
        Name::Startup,
        Name::Throughput,
        Name::Rpc,
        Name::Mining,
        Name::Trie,
        Name::Risk,
        Name::Verbs,
        Name::Index,
        Name::Pages,
        Name::Audit,
        Name::RiskLosses,
    ];
    let sections = if options.sections.is_empty() { all.to_vec() } else { options.sections.clone() };
    // Most sections measure in this very process; these two start programs that are built with the release profile.
    let outside = |section: &Name| matches!(section, Name::Risk | Name::RiskLosses);
    if cfg!(debug_assertions) && !sections.iter().all(outside) {
        let mut again = shell::cargo();
        again
            .args(["run", "--quiet", "--release", "--package", "xtask", "--"])
            .args(std::env::args_os().skip(1));
        return shell::run(&mut again);
    }
    for section in sections {
        let section = match section {
            Name::Startup => startup::run(&Subjects::ready(options)?)?,
            Name::Throughput => throughput::run(&Subjects::ready(options)?)?,
            Name::Rpc => rpc::run(&Subjects::ready(options)?)?,
            Name::Mining => mining::run(&Subjects::ready(options)?)?,
            Name::Trie => trie::run()?,
            Name::Risk => risk::run()?,
            Name::Verbs => verbs::run()?,
            Name::Index => index::run(&shell::bulwark(Profile::Release, options.bulwark.as_ref())?)?,
            Name::Pages => pages::run(&shell::bulwark(Profile::Release, options.bulwark.as_ref())?)?,
            Name::Audit => audit::run()?,
            Name::RiskLosses => losses::run()?,
        };
        section.publish()?;
    }
    Ok(())
}
