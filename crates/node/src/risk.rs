//! `bulwark risk`: the risk engine at the command line. Here are the verbs; each has a file of its own, what they share
//! is in `source` (which network) and `print` (tables, figures).

mod attack;
mod check;
mod print;
mod solving;
mod source;
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
    }
}
