//! What shares of strategies are worth, in one unit: ether where PriceBook has a price for all that is held, else the
//! token that is held most. What has no price is left out of sums and said to be.

use crate::{
    error::RpcError,
    restake::ask::{Asker, Snapshot, Token},
    restake::operators::all_strategies,
};
use alloy_primitives::{Address, U256};
use serde_json::{Value, json};
use types::{
    abi::{IDelegationManager, IPriceBook, IStrategy},
    addresses::{BEACON_STRATEGY, DELEGATION_MANAGER, PRICE_BOOK},
};

const WAD: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

/// Operators whose stake is read in one view.
const BATCH: usize = 256;

/// A strategy with what its shares are worth.
pub(super) struct Worth {
    pub(super) strategy: Address,
    pub(super) token: Token,
    /// Tokens for 10^18 shares.
    rate: U256,
    /// Wei of ether for 10^18 of the token's smallest units; `None`: nobody knows.
    price: Option<U256>,
}

impl Worth {
    /// Shares in the token's smallest units.
    pub(super) fn tokens(&self, shares: U256) -> U256 {
        shares.checked_mul(self.rate).and_then(|it| it.checked_div(WAD)).unwrap_or(shares)
    }

    /// Shares in wei of ether, if there is a price.
    pub(super) fn wei(&self, shares: U256) -> Option<U256> {
        self.tokens(shares).checked_mul(self.price?)?.checked_div(WAD)
    }
}

/// All strategies of a snapshot.
///
/// # Errors
/// The database's.
pub(super) fn all(snapshot: &Snapshot<'_>, asker: &mut Asker<'_>) -> Result<Vec<Worth>, RpcError> {
    let mut all = Vec::new();
    for strategy in all_strategies(snapshot)? {
        let token = asker.token(strategy)?;
        let rate = match strategy {
            BEACON_STRATEGY => WAD,
            _ => asker
                .try_ask(strategy, &IStrategy::sharesToUnderlyingViewCall { amountShares: WAD })?
                .unwrap_or(WAD),
        };
        let price = asker.try_ask(PRICE_BOOK, &IPriceBook::priceOfCall { asset: strategy })?;
        let price = price.filter(|price| price.ok).map(|price| price.wad);
        all.push(Worth { strategy, token, rate, price });
    }
    Ok(all)
}

/// The shares of operators in strategies, in both orders.
///
/// # Errors
/// The state cannot be read.
pub(super) fn shares(
    asker: &mut Asker<'_>,
    operators: &[Address],
    worths: &[Worth],
) -> Result<Vec<Vec<U256>>, RpcError> {
    let strategies: Vec<Address> = worths.iter().map(|worth| worth.strategy).collect();
    let mut all = Vec::with_capacity(operators.len());
    for some in operators.chunks(BATCH) {
        let call = IDelegationManager::getOperatorsSharesCall {
            operators: some.to_vec(),
            strategies: strategies.clone(),
        };
        all.extend(asker.ask(DELEGATION_MANAGER, &call)?);
    }
    Ok(all)
}

/// In what unit sums are told.
pub(super) struct Unit {
    /// Place of the strategy whose token it is; `None`: ether.
    only: Option<usize>,
    pub(super) symbol: String,
    pub(super) decimals: u8,
    /// Symbols of what is held and left out.
    pub(super) left_out: Vec<String>,
}

impl Unit {
    /// The unit for these holdings: totals by strategy, in shares.
    pub(super) fn of(worths: &[Worth], totals: &[U256]) -> Self {
        let held = || worths.iter().zip(totals).enumerate().filter(|(_, (_, total))| !total.is_zero());
        let unpriced = held().any(|(_, (worth, _))| worth.price.is_none());
        let most = held().max_by_key(|(_, (worth, total))| worth.tokens(**total));
        match most {
            Some((place, (worth, _))) if unpriced => Self {
                only: Some(place),
                symbol: worth.token.symbol.clone(),
                decimals: worth.token.decimals,
                left_out: held()
                    .filter(|(other, _)| *other != place)
                    .map(|(_, (worth, _))| worth.token.symbol.clone())
                    .collect(),
            },
            _ => Self { only: None, symbol: "ETH".into(), decimals: 18, left_out: Vec::new() },
        }
    }

    /// Holdings in this unit's smallest parts.
    pub(super) fn sum(&self, worths: &[Worth], shares: &[U256]) -> U256 {
        let each =
            worths.iter().zip(shares).enumerate().filter_map(|(place, (worth, shares))| match self.only {
                Some(only) => (only == place).then(|| worth.tokens(*shares)),
                None => worth.wei(*shares),
            });
        each.fold(U256::ZERO, U256::saturating_add)
    }

    /// What every answer with sums says of them.
    pub(super) fn json(&self) -> Value {
        json!({ "symbol": self.symbol, "decimals": self.decimals, "left_out": self.left_out })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "test code: a panic is how a test fails")]

    use super::*;

    fn worth(symbol: &str, price: Option<u64>) -> Worth {
        Worth {
            strategy: Address::ZERO,
            token: Token { address: None, symbol: symbol.into(), decimals: 18 },
            rate: WAD,
            price: price.map(|price| U256::from(price) * WAD),
        }
    }

    #[test]
    fn sums_are_in_ether_where_all_that_is_held_has_a_price() {
        let worths = [worth("A", Some(1)), worth("B", Some(3)), worth("C", None)];
        let held = [U256::from(10), U256::from(2), U256::ZERO];
        let unit = Unit::of(&worths, &held);
        assert_eq!((unit.symbol.as_str(), unit.sum(&worths, &held)), ("ETH", U256::from(16)));
    }

    #[test]
    fn without_a_price_only_what_is_held_most_is_summed_and_the_rest_named() {
        let worths = [worth("A", Some(1)), worth("B", None)];
        let held = [U256::from(10), U256::from(30)];
        let unit = Unit::of(&worths, &held);
        assert_eq!((unit.symbol.as_str(), unit.sum(&worths, &held)), ("B", U256::from(30)));
        assert_eq!(unit.left_out, ["A"]);
    }
}
