//! Verbs of the StrategyManager, the strategies and the tokens.

use super::{Draw, Drawn, Kind, WAD, call};
use crate::{
    differential::{
        props::{IProp, MOODY, REBASING, TOKEN_MOODS},
        scene::WHITELISTER,
    },
    originals::world::OWNER,
};
use alloy_primitives::{Address, U256};
use types::{
    abi::{
        IOwnable as Owned, IStrategy as Strategy, IStrategyManager as Deposits, IStrategyTvlLimits as Limits,
        ITestToken as Token,
    },
    addresses::{DELEGATION_MANAGER, STRATEGY_MANAGER},
};

/// The kinds with their weights.
pub const KINDS: &[Kind] = &[
    (16, deposit),
    (6, deposit_with_signature),
    (4, burn),
    (2, whitelist),
    (1, owner),
    (3, managers_only),
    (3, donate),
    (3, rebase),
    (3, mood),
    (1, limits),
    (1, strategys_own),
];

/// Deposits of one's own.
pub fn deposit(draw: &mut Draw<'_>) -> Drawn {
    let (staker, strategy, amount) = (draw.staker(), draw.strategy(), draw.amount());
    let token = draw.token_of(strategy);
    call(staker, STRATEGY_MANAGER, Deposits::depositIntoStrategyCall { strategy, token, amount })
}

fn deposit_with_signature(draw: &mut Draw<'_>) -> Drawn {
    let (payer, staker, strategy, amount) = (draw.staker(), draw.staker(), draw.strategy(), draw.amount());
    let (token, expiry) = (draw.token_of(strategy), draw.expiry());
    let nonce = draw.ask(STRATEGY_MANAGER, Deposits::noncesCall { signer: staker })?.unwrap_or_default();
    let digest =
        Deposits::calculateStrategyDepositDigestHashCall { staker, strategy, token, amount, nonce, expiry };
    let digest = draw.ask(STRATEGY_MANAGER, digest)?.unwrap_or_default();
    let signature = draw.signature(staker, digest)?;
    let deposit =
        Deposits::depositIntoStrategyWithSignatureCall { strategy, token, amount, staker, expiry, signature };
    call(payer, STRATEGY_MANAGER, deposit)
}

fn burn(draw: &mut Draw<'_>) -> Drawn {
    let (caller, strategy) = (draw.anyone(), draw.strategy());
    call(caller, STRATEGY_MANAGER, Deposits::burnSharesCall { strategy })
}

fn whitelist(draw: &mut Draw<'_>) -> Drawn {
    let from = draw.ask(STRATEGY_MANAGER, Deposits::strategyWhitelisterCall {})?.unwrap_or(WHITELISTER);
    // A strategy that is not listed takes no deposits, so listing must outweigh.
    if draw.chance.one_in(4) {
        let strategy = draw.strategy();
        let strategiesToRemoveFromWhitelist = vec![strategy];
        let remove = Deposits::removeStrategiesFromDepositWhitelistCall { strategiesToRemoveFromWhitelist };
        return call(from, STRATEGY_MANAGER, remove);
    }
    let strategiesToWhitelist =
        if draw.chance.one_in(3) { draw.strategies(4) } else { draw.scene.strategies.clone() };
    call(from, STRATEGY_MANAGER, Deposits::addStrategiesToDepositWhitelistCall { strategiesToWhitelist })
}

fn owner(draw: &mut Draw<'_>) -> Drawn {
    let from = draw.ask(STRATEGY_MANAGER, Owned::ownerCall {})?.unwrap_or(OWNER);
    match draw.chance.below(8) {
        0 => {
            let newOwner = draw.chance.pick(&[OWNER, WHITELISTER, Address::ZERO]);
            call(from, STRATEGY_MANAGER, Owned::transferOwnershipCall { newOwner })
        }
        1 if draw.chance.one_in(6) => call(from, STRATEGY_MANAGER, Owned::renounceOwnershipCall {}),
        _ => {
            let newStrategyWhitelister = draw.chance.pick(&[OWNER, WHITELISTER]);
            call(from, STRATEGY_MANAGER, Deposits::setStrategyWhitelisterCall { newStrategyWhitelister })
        }
    }
}

/// What only the DelegationManager may do: mostly refused, at times in its name.
fn managers_only(draw: &mut Draw<'_>) -> Drawn {
    // In its name only for tokens, of which it really asks.
    let strategy = draw.strategy();
    let is_token = draw.scene.strategies.contains(&strategy);
    let from = if is_token && draw.chance.one_in(3) { DELEGATION_MANAGER } else { draw.anyone() };
    let (staker, shares) = (draw.staker(), draw.amount());
    let staker = if draw.chance.one_in(10) { Address::ZERO } else { staker };
    let shares = shares.min(U256::from(WAD));
    let to = STRATEGY_MANAGER;
    match draw.chance.below(3) {
        0 => call(from, to, Deposits::addSharesCall { staker, strategy, shares }),
        // Shares taken without the operator knowing would end in sums that no chain can reach.
        1 if from != DELEGATION_MANAGER => call(
            from,
            to,
            Deposits::removeDepositSharesCall { staker, strategy, depositSharesToRemove: shares },
        ),
        _ => {
            let token = draw.token_of(strategy);
            call(from, to, Deposits::withdrawSharesAsTokensCall { staker, strategy, token, shares })
        }
    }
}

/// Tokens that a strategy is sent without a deposit.
fn donate(draw: &mut Draw<'_>) -> Drawn {
    let (from, strategy, value) = (draw.staker(), draw.strategy(), draw.amount());
    let token = draw.token_of(strategy);
    call(from, token, Token::transferCall { to: strategy, value })
}

fn rebase(draw: &mut Draw<'_>) -> Drawn {
    let wad = draw.chance.pick(&[WAD / 2, WAD / 10 * 9, WAD - 1, WAD + 1, WAD / 10 * 11, 2 * WAD, 3 * WAD]);
    let from = draw.anyone();
    call(from, REBASING, IProp::rebaseCall { wad: U256::from(wad) })
}

/// In every second call the token is good again.
fn mood(draw: &mut Draw<'_>) -> Drawn {
    let mood = if draw.chance.one_in(2) { 0 } else { draw.chance.below(TOKEN_MOODS) };
    let from = draw.anyone();
    call(from, MOODY, IProp::setMoodCall { mood })
}

fn limits(draw: &mut Draw<'_>) -> Drawn {
    let strategy = draw.scene.strategies[2];
    let billion = U256::from(10).pow(U256::from(27));
    let newMaxPerDeposit = draw.chance.pick(&[U256::from(1_000), billion, billion, billion]);
    let newMaxTotalDeposits = draw.chance.pick(&[U256::ZERO, billion, billion * billion, U256::MAX]);
    call(OWNER, strategy, Limits::setTVLLimitsCall { newMaxPerDeposit, newMaxTotalDeposits })
}

/// What only the StrategyManager may ask of a strategy.
fn strategys_own(draw: &mut Draw<'_>) -> Drawn {
    let (from, strategy, amount) = (draw.anyone(), draw.strategy(), draw.amount());
    let token = draw.token_of(strategy);
    if draw.chance.one_in(2) {
        call(from, strategy, Strategy::depositCall { token, amount })
    } else {
        call(from, strategy, Strategy::withdrawCall { recipient: from, token, amountShares: amount })
    }
}
