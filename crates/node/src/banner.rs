//! What `dev` says when it is ready: where it listens, who has money, where the contracts are. As lines to read, or as
//! one line of JSON for scripts.

use crate::{cli::DevArgs, running, text};
use alloy_primitives::{Address, U256};
use alloy_signer_local::PrivateKeySigner;
use serde_json::{Value, json};
use std::{fmt::Write, net::SocketAddr, time::Duration};
use types::{Params, addresses};

/// Accounts that are listed; of more only the number.
const LISTED: usize = 10;

/// What a ready development chain tells.
#[derive(Debug)]
pub struct Banner<'a> {
    /// The flags it was started with.
    pub args: &'a DevArgs,
    /// The chain's numbers and rules.
    pub params: &'a Params,
    /// Where it listens.
    pub address: SocketAddr,
    /// Funded accounts.
    pub accounts: &'a [PrivateKeySigner],
    /// Nonce of account 0 in the genesis state.
    pub first_nonce: u64,
    /// Number of the newest block; above 0 when the chain was kept from an earlier run.
    pub head: u64,
    /// Time from the start of the process until ready.
    pub took: Duration,
}

/// The contracts of a development chain, by the names that `restake_addresses` serves.
fn contracts() -> impl Iterator<Item = (&'static str, Address)> {
    addresses::NAMED.iter().chain(addresses::NAMED_IN_DEV).copied()
}

impl Banner<'_> {
    /// As lines to read.
    pub fn text(&self) -> String {
        let args = self.args;
        let delays = format!(
            "preset {} (delays of {} blocks)",
            args.preset,
            text::grouped(self.params.withdrawal_delay_blocks)
        );
        let numbers = format!("chain {} · rules {} · {delays}", args.chain_id, args.rules);
        let head = text::masthead([&running::named(), "stake once, secure many services", &numbers]);
        let mut out = format!("\n{head}\n\n");
        let mut row = |label: &str, value: &str, note: &str| {
            let line =
                format!("  {label:<10} {value:<24} {}{note}{}", text::DIM.render(), text::DIM.render_reset());
            let _ = writeln!(out, "{}", line.trim_end());
        };
        row("RPC", &format!("http://{}", self.address), "also ws://, and pages for a browser");
        row("state", &self.state(), if args.data_dir.is_none() { "keep it with --data-dir DIR" } else { "" });
        row(
            "blocks",
            &self.blocks(),
            if args.block_time.is_none() && !args.no_mining { "every 2 s with --block-time 2" } else { "" },
        );
        self.accounts_text(&mut out);
        self.contracts_text(&mut out);
        let _ = write!(out, "\nready in {}{}\n", text::duration(self.took), self.continued());
        out
    }

    fn state(&self) -> String {
        self.args.data_dir.as_ref().map_or_else(|| "in memory".into(), |path| path.display().to_string())
    }

    fn blocks(&self) -> String {
        match self.args.block_time {
            _ if self.args.no_mining => "on command (evm_mine)".into(),
            Some(time) => format!("every {}", text::duration(time)),
            None => "as transactions arrive".into(),
        }
    }

    fn continued(&self) -> String {
        if self.head == 0 {
            String::new()
        } else {
            format!(" · goes on from block {}", text::grouped(self.head))
        }
    }

    fn accounts_text(&self, out: &mut String) {
        let (dim, off) = (text::DIM.render(), text::DIM.render_reset());
        let count = self.accounts.len();
        let balance = text::ether_exact(self.args.balance);
        let plural = if count == 1 { "" } else { "s" };
        let _ = writeln!(
            out,
            "\n  {} account{plural} with {balance} ETH each; account 0 is owner and pauser",
            text::grouped(count)
        );
        for (index, account) in self.accounts.iter().take(LISTED).enumerate() {
            let _ = writeln!(out, "  {index:>3}  {}", account.address());
        }
        let _ = writeln!(out, "  their private keys; everybody knows them, keep nothing of worth there");
        for (index, account) in self.accounts.iter().take(LISTED).enumerate() {
            let _ = writeln!(out, "  {index:>3}  {dim}{}{off}", account.to_bytes());
        }
        if count > LISTED {
            let _ = writeln!(
                out,
                "       {dim}… and {} more: --json lists all{off}",
                text::grouped(count.saturating_sub(LISTED))
            );
        }
        if self.first_nonce > 0 {
            let _ = writeln!(
                out,
                "  account 0 starts at nonce {}, as if it had deployed the protocol",
                self.first_nonce
            );
        }
    }

    fn contracts_text(&self, out: &mut String) {
        let _ = writeln!(out, "\n  contracts");
        let strategy = [("  its strategy", addresses::TEST_TOKEN_STRATEGY)];
        for (name, address) in contracts().chain(strategy) {
            let _ = writeln!(out, "       {name:<21} {address}");
        }
    }

    /// As one line of JSON.
    pub fn json(&self) -> Value {
        let args = self.args;
        let account = |signer: &PrivateKeySigner| json!({ "address": signer.address().to_string(), "private_key": signer.to_bytes(), "balance_wei": wei(args.balance) });
        let contracts: serde_json::Map<String, Value> =
            contracts().map(|(name, address)| (name.into(), address.to_string().into())).collect();
        json!({
            "event": "ready",
            "version": env!("CARGO_PKG_VERSION"),
            "commit": env!("BULWARK_COMMIT"),
            "rpc": format!("http://{}", self.address),
            "ws": format!("ws://{}", self.address),
            "chain_id": args.chain_id,
            "preset": args.preset,
            "rules": args.rules,
            "data_dir": args.data_dir,
            "block_time_secs": args.block_time.map(|time| time.as_secs_f64()),
            "mining": !args.no_mining,
            "head": self.head,
            "mnemonic": args.mnemonic,
            "derivation_path": "m/44'/60'/0'/0",
            "account_0_nonce": self.first_nonce,
            "accounts": self.accounts.iter().map(account).collect::<Vec<_>>(),
            "contracts": contracts,
            "test_token_strategy": addresses::TEST_TOKEN_STRATEGY.to_string(),
            "ready_ms": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

/// Amounts pass 2^53, so they are decimal strings (`decisions.md` 7).
fn wei(amount: U256) -> String {
    amount.to_string()
}
