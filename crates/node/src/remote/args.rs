//! Flags that the commands share: which node, in which form the answer comes, who signs and with what.

use clap::Args;
use std::path::PathBuf;

/// Flags of every command that asks a node.
#[derive(Args, Clone, Debug, Default)]
pub struct ReadArgs {
    /// The node [default: http://127.0.0.1:8545]
    #[arg(long, env = "BULWARK_RPC", hide_env_values = true, value_name = "URL", help_heading = "Node")]
    pub rpc: Option<String>,
    /// As JSON
    #[arg(long, help_heading = "Node")]
    pub json: bool,
}

/// Flags of the commands that send transactions.
#[derive(Args, Clone, Debug, Default)]
pub struct SendArgs {
    /// Who sends: a name, an address, or dev0 for the first account of a development node
    #[arg(long, env = "BULWARK_FROM", hide_env_values = true, value_name = "WHO", help_heading = "Sending")]
    pub from: Option<String>,
    /// Say what would happen, and send nothing
    #[arg(long, help_heading = "Sending")]
    pub dry_run: bool,
    /// Print what a multisig would have to send, and send nothing
    #[arg(long, conflicts_with = "dry_run", help_heading = "Sending")]
    pub calldata: bool,
    /// Do not ask
    #[arg(long, short, help_heading = "Sending")]
    pub yes: bool,
    /// Longest wait for a block, in seconds
    #[arg(long, default_value_t = 120, value_name = "SECONDS", help_heading = "Sending")]
    pub timeout: u64,
    /// What signs.
    #[command(flatten)]
    pub keys: KeyArgs,
    /// The node.
    #[command(flatten)]
    pub read: ReadArgs,
}

/// Where a signing key lies. Without any, the node signs for accounts that it has unlocked.
#[derive(Args, Clone, Debug, Default)]
pub struct KeyArgs {
    /// Encrypted key (Web3 v3): a file, or a name given to `bulwark account new`
    #[arg(
        long,
        env = "BULWARK_KEYSTORE",
        hide_env_values = true,
        value_name = "FILE|NAME",
        help_heading = "Signing"
    )]
    pub keystore: Option<String>,
    /// File with the password of the encrypted key [default: BULWARK_PASSWORD, or asked for]
    #[arg(long, value_name = "FILE", help_heading = "Signing")]
    pub password_file: Option<PathBuf>,
    /// File with a private key in hex [default: BULWARK_PRIVATE_KEY]
    #[arg(long, value_name = "FILE", conflicts_with = "keystore", help_heading = "Signing")]
    pub private_key_file: Option<PathBuf>,
    /// File with a BIP-39 phrase [default: BULWARK_MNEMONIC]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["keystore", "private_key_file"], help_heading = "Signing")]
    pub mnemonic_file: Option<PathBuf>,
    /// Which account of the phrase
    #[arg(long, default_value_t = 0, value_name = "NUMBER", help_heading = "Signing")]
    pub mnemonic_index: u32,
}
