//! PriceBook: what strategies and tokens are worth in ether, for risk, markets and vaults (`decisions.md` 48). The owner
//! says where each price comes from; a strategy without a source of its own takes its token's price times its rate.
//! A source that fails, lies about its age, or burns its gas makes a price that is not `ok`, and never a revert.
//!
//! | tag | row | key | bits, from the lowest |
//! | --- | --- | --- | --- |
//! | 0 | pause bits | – | 256 |
//! | 1 | owner | – | 160 |
//! | 2 | `Row` | asset | target 160 · greatest age 32 · kind 8 · feed's decimals 8 · asset's decimals 8 · selector 32 |
//! | 3 | fixed price | asset | 256 |
//! | 4 | when it was set | asset | 64 |
//! | 5 | whether fixed prices are allowed | – | 1 |

mod dispatch;
mod source;
#[cfg(test)]
mod tests;

pub use dispatch::main;
pub use source::Price;

use crate::{
    host::{Host, Result, View, emit, require, revert},
    ownable::require_owner,
    pausable::require_running,
    storage::{Map, Slot},
};
use alloy_primitives::{Address, U256};
use source::{Kind, Row};
use types::{
    abi::{
        IPriceBook::{
            FixedPricesForbidden, InvalidSource, NoAnswer, Source, SourceSet, clearSourceCall, priceOfCall,
            setFeedCall, setFixedCall, setParCall, setRateFnCall,
        },
        IPriceFeed::decimalsCall,
    },
    addresses::{BEACON_STRATEGY, PRICE_BOOK as HOME, TEST_TOKEN, WETH},
};

/// Pause bit: where prices come from. What is set stays in force.
const PAUSED_SOURCES: u8 = 0;
/// Pause bit: all prices. They are answered as not `ok`.
const PAUSED_PRICES: u8 = 1;

/// Gas of each question to a source: what Chainlink's proxies and the rate functions of liquid tokens need several
/// times over.
pub const SOURCE_GAS: u64 = 100_000;
/// Decimals that a token or a feed may have.
const MOST_DECIMALS: u8 = 36;

const PAUSED: Slot<U256> = Slot::on(HOME, 0);
const OWNER: Slot<Address> = Slot::on(HOME, 1);
const SOURCES: Map<Address, Row> = Map::on(HOME, 2);
const FIXED: Map<Address, U256> = Map::on(HOME, 3);
const SET_AT: Map<Address, u64> = Map::on(HOME, 4);
const FIXED_ALLOWED: Slot<bool> = Slot::on(HOME, 5);

/// The storage that a genesis state gives it: ether and what is ether by construction is at par; in `dev` the test token
/// is too, and fixed prices are allowed.
pub fn genesis(owner: Address, dev: bool) -> Vec<(U256, U256)> {
    let par = Row { kind: Kind::Par, asset_decimals: 18, ..Row::default() };
    let assets = [BEACON_STRATEGY, WETH].into_iter().chain(dev.then_some(TEST_TOKEN));
    let sources = assets.map(|asset| SOURCES.entry(asset, par));
    let open = dev.then(|| FIXED_ALLOWED.entry(true));
    sources.chain([OWNER.entry(owner)]).chain(open).collect()
}

/// The storage that fixes the price of 10^18 units of an asset, for development chains.
pub fn fixed(asset: Address, wad: U256, now: u64) -> [(U256, U256); 3] {
    let row = Row { kind: Kind::Fixed, asset_decimals: 18, ..Row::default() };
    [SOURCES.entry(asset, row), FIXED.entry(asset, wad), SET_AT.entry(asset, now)]
}

/// What 10^18 units of a token's or strategy's smallest unit are worth, in wei.
///
/// # Errors
/// Out of gas, which is less than what sources are given, or the node's.
pub fn price_of<V: View + ?Sized>(view: &mut V, call: priceOfCall) -> Result<Price> {
    if PAUSED.get(view)?.bit(usize::from(PAUSED_PRICES)) {
        return Ok(Price::NONE);
    }
    let row = SOURCES.get(view, call.asset)?;
    match row.kind {
        Kind::None => source::of_strategy(view, call.asset),
        _ => source::of_row(view, call.asset, row),
    }
}

fn source_of(view: &mut dyn View, asset: Address) -> Result<Source> {
    let row = SOURCES.get(view, asset)?;
    Ok(row.told(FIXED.get(view, asset)?, SET_AT.get(view, asset)?))
}

/// Makes the asset worth as much ether as it has units.
///
/// # Errors
/// `CurrentlyPaused`, Ownable's string, `InvalidSource` for the zero address.
fn set_par(host: &mut dyn Host, call: setParCall) -> Result<()> {
    may_set(host, call.asset)?;
    let asset_decimals = decimals_of(host, call.asset)?;
    store(host, call.asset, Row { kind: Kind::Par, asset_decimals, ..Row::default() }, U256::ZERO)
}

/// Takes the price from a function that returns ether by whole token with 18 decimals, such as `getExchangeRate()`, or
/// for the 10^18 that it is called with, such as `getPooledEthByShares(uint256)`.
///
/// # Errors
/// `CurrentlyPaused`, Ownable's string, `InvalidSource`, `NoAnswer` where the function does not answer now.
fn set_rate_fn(host: &mut dyn Host, call: setRateFnCall) -> Result<()> {
    let setRateFnCall { asset, target, selector } = call;
    may_set(host, asset)?;
    let asset_decimals = decimals_of(host, asset)?;
    let row = Row { kind: Kind::RateFn, target, selector: selector.0, asset_decimals, ..Row::default() };
    require(target != HOME, InvalidSource {})?;
    let price = source::of_row(host, asset, row)?;
    require(price.ok, NoAnswer { target })?;
    store(host, asset, row, U256::ZERO)
}

/// Takes the price from a feed of Chainlink's shape that tells ether by whole token, as long as it is not older than
/// `maxAgeSeconds`.
///
/// # Errors
/// `CurrentlyPaused`, Ownable's string, `InvalidSource`, `NoAnswer` where the feed does not tell its decimals.
fn set_feed(host: &mut dyn Host, call: setFeedCall) -> Result<()> {
    let setFeedCall { asset, feed, maxAgeSeconds: max_age } = call;
    may_set(host, asset)?;
    require(max_age > 0, InvalidSource {})?;
    let Some(feed_decimals) = source::ask(host, feed, &decimalsCall {})? else {
        return revert(NoAnswer { target: feed });
    };
    require(feed_decimals <= MOST_DECIMALS, InvalidSource {})?;
    let asset_decimals = decimals_of(host, asset)?;
    let row =
        Row { kind: Kind::Feed, target: feed, max_age, feed_decimals, asset_decimals, ..Row::default() };
    store(host, asset, row, U256::ZERO)
}

/// Fixes the price of a whole token, in wei, where the chain is for development.
///
/// # Errors
/// `CurrentlyPaused`, Ownable's string, `FixedPricesForbidden`, `InvalidSource` for a price of zero or past 2^128.
fn set_fixed(host: &mut dyn Host, call: setFixedCall) -> Result<()> {
    let setFixedCall { asset, wad } = call;
    may_set(host, asset)?;
    let allowed = FIXED_ALLOWED.get(host)?;
    require(allowed, FixedPricesForbidden {})?;
    require(source::is_plausible(wad), InvalidSource {})?;
    let asset_decimals = decimals_of(host, asset)?;
    store(host, asset, Row { kind: Kind::Fixed, asset_decimals, ..Row::default() }, wad)
}

/// Forgets where the asset's price comes from.
///
/// # Errors
/// `CurrentlyPaused`, Ownable's string.
fn clear_source(host: &mut dyn Host, call: clearSourceCall) -> Result<()> {
    may_set(host, call.asset)?;
    store(host, call.asset, Row::default(), U256::ZERO)
}

fn may_set(host: &mut dyn Host, asset: Address) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_SOURCES)?;
    require_owner(host, &OWNER)?;
    require(asset != Address::ZERO, InvalidSource {})
}

/// The decimals that a token tells; 18 for what does not tell, such as strategies, whose shares have 18.
fn decimals_of(host: &mut dyn Host, asset: Address) -> Result<u8> {
    let decimals = source::ask(host, asset, &decimalsCall {})?.unwrap_or(18);
    require(decimals <= MOST_DECIMALS, InvalidSource {})?;
    Ok(decimals)
}

fn store(host: &mut dyn Host, asset: Address, row: Row, fixed: U256) -> Result<()> {
    let set_at = if row.kind == Kind::None { 0 } else { host.block().timestamp };
    SOURCES.set(host, asset, row)?;
    FIXED.set(host, asset, fixed)?;
    SET_AT.set(host, asset, set_at)?;
    emit(host, &SourceSet { asset, source: row.told(fixed, set_at) })
}
