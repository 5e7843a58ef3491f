//! One source of a price: its row in storage, and what it says now. Whatever a foreign contract does with its gas, its
//! answer is a number in bounds or it is none.

use super::{FIXED, MOST_DECIMALS, SET_AT, SOURCE_GAS, SOURCES};
use crate::{
    dispatch::encode_call,
    host::{Result, View},
    ledger::{Labelled, high, limb, low},
    storage::Word,
};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, abi::AbiDecoderConfig};
use types::{
    abi::{
        IPriceBook::Source,
        IPriceFeed::{latestRoundDataCall, latestRoundDataReturn},
        IStrategy::{sharesToUnderlyingViewCall, underlyingTokenCall},
    },
    gas,
    units::WAD,
};

/// Decimals of prices.
const PRICE_DECIMALS: u8 = 18;
/// The shares whose worth a strategy is asked for.
const WAD_SHARES: U256 = U256::from_limbs([WAD, 0, 0, 0]);

/// What a price is taken from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing.
    #[default]
    None,
    /// One unit is one wei's worth.
    Par,
    /// A function that returns a rate.
    RateFn,
    /// A feed of Chainlink's shape.
    Feed,
    /// A number that the owner wrote.
    Fixed,
}

/// A source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub kind: Kind,
    pub target: Address,
    pub selector: [u8; 4],
    /// Seconds.
    pub max_age: u32,
    pub feed_decimals: u8,
    pub asset_decimals: u8,
}

impl Word for Row {
    fn to_word(self) -> U256 {
        let small = u32::from_be_bytes([0, self.kind as u8, self.feed_decimals, self.asset_decimals]);
        let large = limb(u32::from_be_bytes(self.selector), small);
        Labelled { address: self.target, small: self.max_age, large }.to_word()
    }

    fn from_word(word: U256) -> Self {
        let Labelled { address: target, small: max_age, large } = Labelled::from_word(word);
        let [_, kind, feed_decimals, asset_decimals] = low(large).to_be_bytes();
        let kind = match kind {
            1 => Kind::Par,
            2 => Kind::RateFn,
            3 => Kind::Feed,
            4 => Kind::Fixed,
            _ => Kind::None,
        };
        let selector = high(large).to_be_bytes();
        Self { kind, target, selector, max_age, feed_decimals, asset_decimals }
    }
}

impl Row {
    pub(super) fn told(self, wad: U256, set_at: u64) -> Source {
        Source {
            kind: self.kind as u8,
            target: self.target,
            selector: self.selector.into(),
            maxAgeSeconds: self.max_age,
            feedDecimals: self.feed_decimals,
            assetDecimals: self.asset_decimals,
            wad,
            setAt: set_at,
        }
    }
}

/// A price, or that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// What 10^18 of the smallest units are worth, in wei. Zero where there is no price.
    pub wad: U256,
    /// When the source says it was true, in seconds since 1970.
    pub updated_at: u64,
    /// Whether the price may be used.
    pub ok: bool,
    /// Whether nothing was ever said of the asset, nor of a token behind it: then it counts for nothing, while a
    /// source that fails is a reason to wait.
    pub unknown: bool,
}

impl Price {
    /// No price, though there should be one.
    pub const NONE: Self = Self { wad: U256::ZERO, updated_at: 0, ok: false, unknown: false };
    /// No price, for there is no source.
    pub const UNKNOWN: Self = Self { unknown: true, ..Self::NONE };

    fn of(wad: Option<U256>, updated_at: u64) -> Self {
        match wad.filter(|wad| is_plausible(*wad)) {
            Some(wad) => Self { wad, updated_at, ok: true, unknown: false },
            None => Self::NONE,
        }
    }
}

impl From<Price> for types::abi::IPriceBook::priceOfReturn {
    fn from(price: Price) -> Self {
        Self { wad: price.wad, updatedAt: price.updated_at, ok: price.ok }
    }
}

/// Whether a price is above zero and within bounds in which sums of stake cannot overflow.
pub(super) fn is_plausible(wad: U256) -> bool {
    !wad.is_zero() && wad.bit_len() <= 128
}

/// What a source says now.
///
/// # Errors
/// Out of gas, or the node's.
pub(super) fn of_row<V: View + ?Sized>(view: &mut V, asset: Address, row: Row) -> Result<Price> {
    let now = view.block().timestamp;
    let (of_token, updated_at) = match row.kind {
        Kind::None => return Ok(Price::UNKNOWN),
        Kind::Par => (Some(WAD_SHARES), now),
        Kind::Fixed => (Some(FIXED.get(view, asset)?), SET_AT.get(view, asset)?),
        Kind::RateFn => {
            // The argument of functions that take one; others ignore it.
            let input = [row.selector.as_slice(), &WAD_SHARES.to_be_bytes::<32>()].concat();
            let data = reply_of(view, row.target, input.into())?;
            (data.and_then(|data| data.first_chunk::<32>().map(|word| U256::from_be_bytes(*word))), now)
        }
        Kind::Feed => match ask(view, row.target, &latestRoundDataCall {})? {
            Some(round) => (answer_of(&round, row, now), saturated(round.updatedAt)),
            None => (None, 0),
        },
    };
    Ok(Price::of(of_token.and_then(|wad| rescaled(wad, PRICE_DECIMALS, row.asset_decimals)), updated_at))
}

/// A feed's answer with 18 decimals, unless it is not positive, not finished, of the future or too old.
fn answer_of(round: &latestRoundDataReturn, row: Row, now: u64) -> Option<U256> {
    let updated_at = u64::try_from(round.updatedAt).ok().filter(|at| *at > 0)?;
    now.checked_sub(updated_at).filter(|age| *age <= u64::from(row.max_age))?;
    let answer = U256::try_from(round.answer).ok()?;
    rescaled(answer, PRICE_DECIMALS, row.feed_decimals)
}

fn saturated(value: U256) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

/// `value · 10^to / 10^from`, rounded down.
fn rescaled(value: U256, to: u8, from: u8) -> Option<U256> {
    let ten = U256::from(10);
    match to.checked_sub(from) {
        Some(more) => value.checked_mul(ten.checked_pow(U256::from(more))?),
        None => value.checked_div(ten.checked_pow(U256::from(from.checked_sub(to)?))?),
    }
}

/// The price of a strategy's shares: its token's, times what a share is worth in tokens.
///
/// # Errors
/// Out of gas, or the node's.
pub(super) fn of_strategy<V: View + ?Sized>(view: &mut V, strategy: Address) -> Result<Price> {
    let Some(token) = ask(view, strategy, &underlyingTokenCall {})? else { return Ok(Price::UNKNOWN) };
    let row = SOURCES.get(view, token)?;
    let price = of_row(view, token, row)?;
    if !price.ok {
        return Ok(price);
    }
    let call = sharesToUnderlyingViewCall { amountShares: WAD_SHARES };
    let rate = ask(view, strategy, &call)?;
    let wad = rate.and_then(|rate| rate.checked_mul(price.wad)?.checked_div(WAD_SHARES));
    Ok(Price::of(wad, price.updated_at))
}

/// What a view of a foreign contract answers, for at most [`SOURCE_GAS`]; none if it fails or answers something else.
///
/// # Errors
/// Out of gas of our own, or the node's.
pub(super) fn ask<C: SolCall, V: View + ?Sized>(
    view: &mut V,
    to: Address,
    call: &C,
) -> Result<Option<C::Return>> {
    let input = encode_call(view, call)?;
    let Some(data) = reply_of(view, to, input)? else { return Ok(None) };
    let config = AbiDecoderConfig::new().validate(true).memory_limit(data.len());
    Ok(C::abi_decode_returns_with_config(&data, config).ok())
}

/// Nothing with no data: an account without code answers so.
fn reply_of<V: View + ?Sized>(view: &mut V, to: Address, input: Bytes) -> Result<Option<Bytes>> {
    let reply = view.static_call_with_gas(to, input, SOURCE_GAS)?;
    view.charge_gas(gas::abi(reply.data.len()))?;
    Ok(reply.is_success().then_some(reply.data).filter(|data| !data.is_empty()))
}

const _: () = assert!(MOST_DECIMALS < 77, "10 to the power of any decimals fits a word");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_every_field() {
        for kind in [Kind::None, Kind::Par, Kind::RateFn, Kind::Feed, Kind::Fixed] {
            let row = Row {
                kind,
                target: Address::repeat_byte(0x9a),
                selector: [1, 2, 3, 4],
                max_age: u32::MAX,
                feed_decimals: 8,
                asset_decimals: 6,
            };
            assert_eq!(Row::from_word(row.to_word()), row);
        }
    }

    #[test]
    fn numbers_are_rescaled_down_or_not_at_all() {
        assert_eq!(rescaled(U256::from(15), 18, 8), Some(U256::from(150_000_000_000_u64)));
        assert_eq!(rescaled(U256::from(1_999), 18, 21), Some(U256::from(1)));
        assert_eq!(rescaled(U256::MAX, 18, 17), None);
    }
}
