//! The command line: what can be typed, with its help. Flags that mean what anvil's mean have anvil's names. What the
//! commands do is in [`crate::commands`].

use crate::{
    accounts::TEST_MNEMONIC,
    commands::{
        account::AccountCommand, alert::AlertCommand, chain::ChainCommand, explain::ExplainArgs,
        key::KeyCommand, operator::OperatorCommand, permission::PermissionCommand, service::ServiceCommand,
        slash::SlashCommand, staker::StakerCommand, strategy::StrategyCommand, withdrawal::WithdrawalCommand,
    },
    risk::RiskCommand,
    settings::Layer,
    telemetry::LogFormat,
};
use alloy_primitives::{Address, U256, utils::parse_ether};
use clap::{
    Args, Parser, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use clap_complete::Shell;
use std::{path::PathBuf, time::Duration};
use types::{Preset, Rules};

/// The version with the commit it was built from.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("BULWARK_COMMIT"), ")");

/// Largest chain id with which a legacy signature's `v` still fits 64 bits (EIP-2294).
const MAX_CHAIN_ID: u64 = u64::MAX / 2 - 36;

/// Most accounts that `dev` derives and funds.
const MAX_ACCOUNTS: u32 = 10_000;

/// What `dev` and `demo` log: what goes wrong in our own parts. Database and producer are left out: what they refuse
/// ends the process, and its one line of error says why.
const DEFAULT_LOG: &str = "off,bulwark=warn,rpc=warn,chain=warn,chain::producer=off";

/// Longest time between blocks, in seconds: a day.
const MAX_BLOCK_TIME_SECS: f64 = 86_400.0;

/// An EVM restaking chain in one binary: stake once, secure many services.
#[derive(Debug, Parser)]
#[command(name = "bulwark", bin_name = "bulwark", version = VERSION)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = "Begin with: bulwark demo")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// A development chain on this machine, with funded accounts
    Dev(Box<DevArgs>),
    /// A durable node of a real network
    Node(Box<NodeArgs>),
    /// Put the stake of 349 real operators on a chain and watch it move
    Demo(DemoArgs),
    /// Show or check what `node` would run with
    #[command(subcommand)]
    Config(Box<ConfigCommand>),
    /// How secure restaking is: slack, attacks, certificates
    #[command(subcommand)]
    Risk(Box<RiskCommand>),
    /// Be told of slashes, changes, and figures beyond a bound
    #[command(subcommand)]
    Alert(Box<AlertCommand>),
    /// Keys, encrypted, and what an account has
    #[command(subcommand)]
    Account(Box<AccountCommand>),
    /// Look at a chain and use it: blocks, transactions, calls, logs, time
    #[command(subcommand)]
    Chain(Box<ChainCommand>),
    /// The boxes that hold one token each
    #[command(subcommand)]
    Strategy(Box<StrategyCommand>),
    /// Put tokens at stake, choose an operator, see what can be lost
    #[command(subcommand)]
    Staker(Box<StakerCommand>),
    /// Take stake out
    #[command(subcommand)]
    Withdrawal(Box<WithdrawalCommand>),
    /// Be an operator: join services, allocate stake, promise limits
    #[command(subcommand)]
    Operator(Box<OperatorCommand>),
    /// Be a service: operator sets, slashers, releases
    #[command(subcommand)]
    Service(Box<ServiceCommand>),
    /// Slashes: what one would do, doing it, who lost what
    #[command(subcommand)]
    Slash(Box<SlashCommand>),
    /// Who may act for an account
    #[command(subcommand)]
    Permission(Box<PermissionCommand>),
    /// The signing keys of operators
    #[command(subcommand)]
    Key(Box<KeyCommand>),
    /// What an error or a word means
    Explain(ExplainArgs),
    /// Look at all of a data directory: state, blocks, and the invariants of restaking
    Doctor(DoctorArgs),
    /// Print a script that completes commands and flags in a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// Log flags of the commands that serve.
#[derive(Debug, Args)]
#[command(next_help_heading = "Logs")]
pub struct LogArgs {
    /// How log lines on standard error look
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// Which log lines: error, warn, info, debug, trace, or by module (info,chain=debug) [default: warn, our parts]
    #[arg(long, default_value = DEFAULT_LOG, hide_default_value = true, value_name = "FILTER")]
    pub log: String,
}

/// Flags of the server that `dev` shares with nothing else.
#[derive(Debug, Args)]
#[command(next_help_heading = "Server")]
pub struct ServerArgs {
    /// Port to listen on; 0 takes a free one
    #[arg(long, short, default_value_t = 8545)]
    pub port: u16,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub host: String,
    /// Web page that may call everything; repeat for several [default: loopback]
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Vec<String>,
    /// Host name under which the node is called, besides loopback; repeat for several
    #[arg(long, value_name = "HOST")]
    pub allow_host: Vec<String>,
    /// Refuse calls from web pages
    #[arg(long)]
    pub no_cors: bool,
    /// Bound on what clients may ask for, as max_batch=100; repeat for several (docs/limits.md)
    #[arg(long, value_name = "NAME=VALUE")]
    pub limit: Vec<String>,
    /// File of alert rules, TOML (docs/alerts.md)
    #[arg(long, value_name = "FILE")]
    pub alerts: Option<PathBuf>,
}

/// `bulwark dev`.
#[derive(Debug, Args)]
pub struct DevArgs {
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Chain id (EIP-155)
    #[arg(
        long, default_value_t = 31_337, value_name = "ID", help_heading = "Chain",
        value_parser = clap::value_parser!(u64).range(1..=MAX_CHAIN_ID)
    )]
    pub chain_id: u64,
    /// Delays: short ones, or those of mainnet
    #[arg(long, default_value = "fast", value_parser = preset(), help_heading = "Chain")]
    pub preset: Preset,
    /// Behaviour of the restaking core, by release
    #[arg(long, default_value = "mainnet", value_parser = rules(), help_heading = "Chain")]
    pub rules: Rules,
    /// Seconds between blocks [default: a block for each transaction that arrives]
    #[arg(long, short, value_parser = block_time, value_name = "SECONDS", help_heading = "Chain")]
    pub block_time: Option<Duration>,
    /// Seal no block until told to (evm_mine, anvil_mine)
    #[arg(long, visible_alias = "no-mine", conflicts_with = "block_time", help_heading = "Chain")]
    pub no_mining: bool,
    /// Gas limit of a block [default: 60000000]
    #[arg(long, visible_alias = "block-gas-limit", value_name = "GAS", help_heading = "Chain")]
    pub gas_limit: Option<u64>,
    /// Time of block 0, in seconds since 1970 [default: now]
    #[arg(
        long, value_name = "SECONDS", help_heading = "Chain",
        value_parser = clap::value_parser!(u64).range(..=chain::clock::LATEST)
    )]
    pub timestamp: Option<u64>,
    /// Base fee of block 0, in wei [default: 1000000000]
    #[arg(long, visible_alias = "block-base-fee-per-gas", value_name = "WEI", help_heading = "Chain")]
    pub base_fee: Option<u64>,
    /// Rules of the EVM
    #[arg(long, default_value = "osaka", value_parser = ["osaka", "latest"], value_name = "NAME", help_heading = "Chain")]
    pub hardfork: String,
    /// Order of waiting transactions
    #[arg(long, default_value = "fees", value_parser = ["fees"], value_name = "ORDER", help_heading = "Chain")]
    pub order: String,
    /// Accepted for anvil's sake: every transaction can be traced
    #[arg(long, visible_alias = "tracing", hide = true)]
    pub steps_tracing: bool,
    /// Let transactions of any sender through without a signature
    #[arg(long, visible_alias = "auto-unlock", help_heading = "Accounts")]
    pub auto_impersonate: bool,
    /// More accounts with ether, as ADDRESS:ETHER
    #[arg(long, value_name = "ADDRESS:ETHER", value_parser = funded, num_args = 1.., help_heading = "Accounts")]
    pub fund_accounts: Vec<(Address, U256)>,
    /// Funded accounts
    #[arg(
        long, short, default_value_t = 10, value_name = "NUMBER", help_heading = "Accounts",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_ACCOUNTS))
    )]
    pub accounts: u32,
    /// Ether of each
    #[arg(long, default_value = "10000", value_parser = ether, value_name = "ETHER", help_heading = "Accounts")]
    pub balance: U256,
    /// BIP-39 phrase that the accounts are derived from [default: anvil's test phrase]
    #[arg(
        long, short, default_value = TEST_MNEMONIC, hide_default_value = true, value_name = "PHRASE",
        help_heading = "Accounts"
    )]
    pub mnemonic: String,
    /// Directory that keeps the chain [default: in memory]
    #[arg(long, value_name = "DIR", help_heading = "State")]
    pub data_dir: Option<PathBuf>,
    /// Keep the history of this many blocks [default: of all]
    #[arg(
        long, value_name = "BLOCKS", help_heading = "State", value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub prune: Option<u64>,
    /// State file (JSON) to begin with, if it exists, and to write at the end
    #[arg(
        long, value_name = "FILE", help_heading = "State",
        conflicts_with_all = ["load_state", "dump_state", "data_dir"]
    )]
    pub state: Option<PathBuf>,
    /// State file to begin with, of bulwark or anvil
    #[arg(long, value_name = "FILE", help_heading = "State")]
    pub load_state: Option<PathBuf>,
    /// State file to write at the end
    #[arg(long, value_name = "FILE", help_heading = "State")]
    pub dump_state: Option<PathBuf>,
    /// Seconds after which the state file is also written in between
    #[arg(
        long, value_name = "SECONDS", default_value_t = 60, help_heading = "State",
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub state_interval: u64,
    /// Check all invariants after every block
    #[arg(long, help_heading = "State")]
    pub audit: bool,
    /// Print nothing but errors
    #[arg(long, short, visible_short_alias = 'q', help_heading = "Output")]
    pub silent: bool,
    /// Print the banner and each block as a line of JSON
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Logs.
    #[command(flatten)]
    pub logs: LogArgs,
}

/// `bulwark node`.
#[derive(Debug, Args)]
pub struct NodeArgs {
    /// Where settings come from.
    #[command(flatten)]
    pub sources: SettingArgs,
}

/// Where settings come from: a file, the environment, flags, in rising order.
#[derive(Debug, Args)]
pub struct SettingArgs {
    /// Configuration file (TOML)
    #[arg(long, short, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Settings given as flags.
    #[command(flatten)]
    pub flags: Layer,
}

/// `bulwark demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Port to listen on [default: 8545, or a free one if that is taken]
    #[arg(long, short)]
    pub port: Option<u16>,
    /// Number that the demo accounts' keys are drawn from
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// End when the story is told; without it the chain goes on, with some traffic
    #[arg(long)]
    pub exit: bool,
    /// Print a summary as JSON on standard output; the story goes to standard error
    #[arg(long)]
    pub json: bool,
    /// Logs.
    #[command(flatten)]
    pub logs: LogArgs,
}

/// `bulwark doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// The data directory; no node may be running on it
    #[arg(value_name = "DIR")]
    pub data_dir: PathBuf,
    /// Build the restaking index anew from the receipts of all blocks, and do nothing else
    #[arg(long)]
    pub reindex: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// `bulwark config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the settings in force and where each comes from
    Show {
        /// Where settings come from.
        #[command(flatten)]
        sources: SettingArgs,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the genesis in force: everything stated; its hash is the chain's identity
    Genesis {
        /// Where settings come from.
        #[command(flatten)]
        sources: SettingArgs,
        /// The genesis of `bulwark dev` instead, as an example to edit
        #[arg(long, conflicts_with_all = ["config", "genesis"])]
        dev: bool,
    },
    /// Check settings and genesis without starting
    Check {
        /// Where settings come from.
        #[command(flatten)]
        sources: SettingArgs,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

fn preset() -> impl TypedValueParser<Value = Preset> {
    PossibleValuesParser::new(["fast", "mainnet"]).try_map(|name| name.parse::<Preset>())
}

fn rules() -> impl TypedValueParser<Value = Rules> {
    PossibleValuesParser::new(["mainnet", "pinned", "slashing-2025"]).try_map(|name| name.parse::<Rules>())
}

fn ether(text: &str) -> Result<U256, String> {
    let wei = parse_ether(text).map_err(|error| format!("{error}; expected ether, such as 10000 or 0.5"))?;
    // Keeps the sum over all accounts, and every balance a transfer can make of it, far from 2^256.
    if wei.bit_len() > 128 { Err("more than 2^128 wei".into()) } else { Ok(wei) }
}

/// An account and its ether.
fn funded(text: &str) -> Result<(Address, U256), String> {
    let expected = "expected ADDRESS:ETHER, such as 0x70997970C51812dc3A010C7d01b50e0d17dc79C8:100";
    let (address, amount) = text.split_once(':').ok_or(expected)?;
    let address = address.parse().map_err(|error| format!("{error}; {expected}"))?;
    Ok((address, ether(amount)?))
}

/// Seconds between blocks, as a settings layer keeps them.
///
/// # Errors
/// Those of [`block_time`].
pub fn seconds(text: &str) -> Result<f64, String> {
    block_time(text).map(|time| time.as_secs_f64())
}

/// Seconds between blocks.
///
/// # Errors
/// Not a number above 0 and up to a day.
pub fn block_time(text: &str) -> Result<Duration, String> {
    let expected = "expected seconds above 0 and at most 86400, such as 2 or 0.5";
    let seconds: f64 = text.parse().map_err(|_| expected.to_string())?;
    if !(seconds > 0.0 && seconds <= MAX_BLOCK_TIME_SECS) {
        return Err(expected.into());
    }
    let time = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
    if time.is_zero() { Err(expected.into()) } else { Ok(time) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_and_amounts_outside_their_range_are_refused() {
        for text in ["0", "-1", "NaN", "inf", "86401", "soon", "1e-30"] {
            assert!(block_time(text).is_err(), "{text}");
        }
        assert_eq!(block_time("0.5"), Ok(Duration::from_millis(500)));
        assert!(ether("1000000000000000000000000").is_err());
        assert_eq!(ether("0.5"), Ok(U256::from(500_000_000_000_000_000u64)));
        assert!(funded("0x70997970C51812dc3A010C7d01b50e0d17dc79C8").is_err());
        let funds = (Address::repeat_byte(0x11), U256::from(10u64.pow(18)));
        assert_eq!(funded("0x1111111111111111111111111111111111111111:1"), Ok(funds));
    }
}
