//! `bulwark risk`: the risk engine at the command line. Here are the verbs; each has a file of its own, what they share
//! is in `source` (which network), `reading` (networks from a node), `print` (tables, figures) and `answer` (words, JSON,
//! charts).

#![allow(
    clippy::float_arithmetic,
    reason = "figures for people; what is certified comes from the integer checker"
)]

mod allocate;
mod answer;
mod attack;
mod cascade;
mod check;
mod concentration;
mod leverage;
mod pool;
mod price;
pub mod print;
mod publish;
pub mod reading;
mod simulate;
mod snapshot;
mod solving;
mod source;
mod stress;
mod verify;

use crate::failure::Failure;
use clap::Subcommand;

/// The verbs of `bulwark risk`.
#[derive(Debug, Subcommand)]
pub enum RiskCommand {
    /// Is the network, or one service, secure against attacks for profit? With a certificate
    Check(check::CheckArgs),
    /// Check a certificate against a network, trusting nothing but integers
    Verify(verify::VerifyArgs),
    /// The attack that costs least for what it brings
    Attack(attack::AttackArgs),
    /// How far a loss spreads in the worst case, or after a given shock
    Cascade(cascade::CascadeArgs),
    /// Losses by chance: expected, value at risk, tail mean; by staker or liquid token
    Simulate(simulate::SimulateArgs),
    /// The smallest shock that breaks something
    Stress(stress::StressArgs),
    /// Fair premiums of the risk of slashing
    Price(price::PriceArgs),
    /// Best split of a stake, cheapest purchase of security, caps of prizes
    Allocate(allocate::AllocateArgs),
    /// In how few hands stake lies
    Concentration(concentration::ConcentrationArgs),
    /// Cost of attack of pooled against isolated security
    Pool(pool::PoolArgs),
    /// Loops on a liquid token: its price under stress, and the liquidations that follow
    Leverage(leverage::LeverageArgs),
    /// Read a node's registrations and stake into a file, for the other verbs; an interrupted run is continued
    Snapshot(snapshot::SnapshotArgs),
    /// Prove how secure the listed services are, and have the contract RiskOracle check and store it
    Publish(Box<publish::PublishArgs>),
}

/// Runs a verb.
///
/// # Errors
/// What the verb could not do, or a negative answer that was asked for.
pub fn run(command: &RiskCommand) -> Result<(), Failure> {
    match command {
        RiskCommand::Check(args) => check::run(args),
        RiskCommand::Verify(args) => verify::run(args),
        RiskCommand::Attack(args) => attack::run(args),
        RiskCommand::Cascade(args) => cascade::run(args),
        RiskCommand::Simulate(args) => simulate::run(args),
        RiskCommand::Stress(args) => stress::run(args),
        RiskCommand::Price(args) => price::run(args),
        RiskCommand::Allocate(args) => allocate::run(args),
        RiskCommand::Concentration(args) => concentration::run(args),
        RiskCommand::Pool(args) => pool::run(args),
        RiskCommand::Leverage(args) => leverage::run(args),
        RiskCommand::Snapshot(args) => snapshot::run(args),
        RiskCommand::Publish(args) => publish::run(args),
    }
}
