//! Networks read from a node: any that answers EigenLayer's ABI, on any chain, by events and views of that ABI alone. So
//! the same command reads `bulwark dev`, and EigenLayer on Ethereum through a provider.
//!
//! | file | of |
//! | --- | --- |
//! | `book` | where the contracts stand |
//! | `provider` | questions, tries, refusals |
//! | `events` | who is registered where |
//! | `views` | stake at one block |
//! | `snapshot` | the file that keeps both |
//! | `network` | what the engine is told |

mod book;
mod events;
mod network;
mod provider;
mod snapshot;
mod views;

pub use network::{Backing, Counts, Prices};
pub use snapshot::Snapshot;

use crate::{failure::Failure, remote::preferences::Preferences};
use alloy_primitives::{Address, U256, utils::parse_ether};
use book::{Contracts, DEVELOPMENT};
use clap::Args;
use provider::{Block, Provider, Trouble};
use serde_json::json;
use std::{collections::BTreeSet, path::Path};
use types::units::WAD;

/// Where a node listens unless told otherwise.
const USUAL_URL: &str = "http://127.0.0.1:8545";
/// Blocks behind the newest that are taken as final where the node names no finalised one: two epochs.
const USUAL_DEPTH: u64 = 64;

/// Flags on a node as the source of a network.
#[derive(Args, Clone, Debug, Default)]
pub struct NodeArgs {
    /// Node to read: Bulwark's, or any with EigenLayer's contracts [default: http://127.0.0.1:8545]
    #[arg(long, value_name = "URL", help_heading = "Network")]
    pub rpc: Option<String>,
    /// File (JSON) that names the contracts, on chains where they are not known
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub addresses: Option<String>,
    /// Block to read [default: the newest that is final]
    #[arg(long, value_name = "NUMBER", help_heading = "Network")]
    pub at_block: Option<u64>,
    /// Blocks behind the newest that count as final [default: what the node says, else 64; 0 on development chains]
    #[arg(long, value_name = "BLOCKS", conflicts_with = "at_block", help_heading = "Network")]
    pub depth: Option<u64>,
    /// First block to look for events in [default: by chain]
    #[arg(long, value_name = "NUMBER", help_heading = "Network")]
    pub from_block: Option<u64>,
}

/// What a strategy's token is worth.
#[derive(Clone, Copy, Debug)]
pub struct Price {
    strategy: Address,
    wad: U256,
}

/// Reads `0x…=1.05`.
///
/// # Errors
/// Something else.
pub fn price(text: &str) -> Result<Price, String> {
    let expected = "expected STRATEGY=ETHER, such as 0x93c4…564D=1.05";
    let (strategy, ether) = text.split_once('=').ok_or(expected)?;
    let strategy = strategy.trim().parse().map_err(|error| format!("{error}; {expected}"))?;
    let wad = parse_ether(ether.trim()).map_err(|error| format!("{error}; {expected}"))?;
    // Keeps the product with any rate in range.
    if wad.bit_len() > 96 { Err("more than 2^96 wei".into()) } else { Ok(Price { strategy, wad }) }
}

/// Prices of the strategies that are counted: at par, but for those said otherwise.
pub fn prices(contracts: &[Address], said: &[Price]) -> Prices {
    let par = contracts.iter().map(|strategy| (*strategy, U256::from(WAD)));
    par.chain(said.iter().map(|price| (price.strategy, price.wad))).collect()
}

/// Reads a node. With a file, reading goes on where the file ends, and what was read is kept there.
///
/// # Errors
/// The node does not answer, or answers as none with EigenLayer's contracts; the file is of another chain.
pub fn read(args: &NodeArgs, said: &[Price], file: Option<&Path>) -> Result<Snapshot, Failure> {
    let provider = Provider::new(&url(args)?)?;
    let chain = provider.chain()?;
    let contracts = match &args.addresses {
        Some(path) => Contracts::of_file(path)?,
        None => Contracts::of_chain(chain),
    };
    if !provider.has_code(contracts.delegation_manager)? {
        let at = contracts.delegation_manager;
        return Err(Failure::new(format!("chain {chain} has no DelegationManager at {at}"))
            .help("--addresses FILE names the contracts"));
    }
    let first = args.from_block.unwrap_or(contracts.first_block);
    let known = file.map(Snapshot::load).transpose()?.flatten();
    let mut snapshot = match known {
        Some(known) => resumed(&provider, known, chain, &contracts, file)?,
        None => Snapshot::new(chain, contracts, first),
    };
    snapshot.stake = None;
    let mut save = |snapshot: &Snapshot| file.map_or(Ok(()), |path| snapshot.save(path));
    let mut at = target(&provider, args, chain)?;
    events::read_on(&provider, &mut snapshot, at.number, &mut save)?;
    // Reading a long history takes time in which nodes forget old states: look at the newest that is final.
    let now = target(&provider, args, chain)?;
    if now.number > at.number {
        at = now;
        events::read_on(&provider, &mut snapshot, at.number, &mut save)?;
    }
    let mut strategies: BTreeSet<Address> = snapshot.contracts.strategies.iter().copied().collect();
    strategies.extend(said.iter().map(|price| price.strategy));
    snapshot.stake = Some(views::read(&provider, &snapshot, at, &strategies)?);
    save(&snapshot)?;
    Ok(snapshot)
}

/// The address of the node: what is said, the environment, the preferences, the usual one.
fn url(args: &NodeArgs) -> Result<String, Failure> {
    let said = args.rpc.clone().or_else(|| std::env::var("BULWARK_RPC").ok().filter(|url| !url.is_empty()));
    if let Some(url) = said {
        return Ok(url);
    }
    Ok(Preferences::load()?.rpc.unwrap_or_else(|| USUAL_URL.to_owned()))
}

/// A file to go on with, if it is of this chain and these contracts and ends in a block that the chain still has.
fn resumed(
    provider: &Provider,
    known: Snapshot,
    chain: u64,
    contracts: &Contracts,
    file: Option<&Path>,
) -> Result<Snapshot, Failure> {
    let name = file.map(|path| path.display().to_string()).unwrap_or_default();
    let anew = "delete the file to begin anew, or name another";
    if known.chain_id != chain {
        let of = known.chain_id;
        return Err(Failure::new(format!("{name} is of chain {of}, the node of chain {chain}")).help(anew));
    }
    if known.contracts != *contracts {
        return Err(Failure::new(format!("{name} is of other contracts")).help(anew));
    }
    if let Some((last, hash)) = known.next_block.checked_sub(1).zip(known.last_hash) {
        let block = provider.block(&json!(format!("{last:#x}")))?;
        if block.map(|block| block.hash) != Some(hash) {
            return Err(Failure::new(format!("{name} ends in a block {last} that the chain does not have"))
                .help(anew));
        }
    }
    Ok(known)
}

/// The block whose state is read.
fn target(provider: &Provider, args: &NodeArgs, chain: u64) -> Result<Block, Failure> {
    let numbered = |number: u64| {
        let block = provider.block(&json!(format!("{number:#x}")))?;
        block.ok_or_else(|| Failure::new(format!("the node has no block {number}")))
    };
    if let Some(number) = args.at_block {
        return numbered(number);
    }
    let none = || Failure::new("the node has no newest block");
    let newest = || provider.block(&json!("latest")).map_err(Failure::from)?.ok_or_else(none);
    let depth = match args.depth {
        Some(depth) => depth,
        None if DEVELOPMENT.contains(&chain) => 0,
        None => match provider.block(&json!("finalized")) {
            Ok(Some(block)) => return Ok(block),
            Ok(None) | Err(Trouble::Refused(_)) => USUAL_DEPTH,
            Err(Trouble::Broken(failure)) => return Err(failure),
        },
    };
    let newest = newest()?;
    if depth == 0 { Ok(newest) } else { numbered(newest.number.saturating_sub(depth)) }
}
