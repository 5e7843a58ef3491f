//! Deposits: tokens into a strategy, shares to a staker.

use super::{DEPOSIT_TYPEHASH, NONCES, PAUSED, PAUSED_DEPOSITS, WHITELIST, shares::add_to, strategies};
use crate::{
    delegation_manager, eip712, erc20,
    guard::non_reentrant,
    host::{Host, Result, View, call_native, require},
    pausable::require_running,
    signature,
};
use alloy_primitives::{Address, B256, U256};
use types::{
    abi::{
        IDelegationManager::increaseDelegatedSharesCall,
        IStrategyManager::{
            StrategyNotWhitelisted, calculateStrategyDepositDigestHashCall, depositIntoStrategyCall,
            depositIntoStrategyWithSignatureCall,
        },
    },
    addresses::DELEGATION_MANAGER,
    units::DepositShares,
};

/// Deposits the caller's tokens for the caller and returns the new shares.
///
/// # Errors
/// `CurrentlyPaused`, `ReentrancyGuard: reentrant call`, `StrategyNotWhitelisted`, the token's, the strategy's, those
/// of adding shares and of increasing the delegation.
pub fn deposit_into_strategy(host: &mut dyn Host, call: depositIntoStrategyCall) -> Result<U256> {
    require_running(host, &PAUSED, PAUSED_DEPOSITS)?;
    non_reentrant(host, |host| {
        let staker = host.msg().sender;
        deposit(host, staker, call.strategy, call.token, call.amount)
    })
}

/// Deposits the caller's tokens for a staker who signed for it.
///
/// # Errors
/// `CurrentlyPaused`, `ReentrancyGuard: reentrant call`, `SignatureExpired`, `InvalidSignature`, then as
/// [`deposit_into_strategy`].
pub fn deposit_into_strategy_with_signature(
    host: &mut dyn Host,
    call: depositIntoStrategyWithSignatureCall,
) -> Result<U256> {
    require_running(host, &PAUSED, PAUSED_DEPOSITS)?;
    non_reentrant(host, |host| {
        let depositIntoStrategyWithSignatureCall { strategy, token, amount, staker, expiry, signature } =
            call;
        let nonce = NONCES.get(host, staker)?;
        let signed =
            calculateStrategyDepositDigestHashCall { staker, strategy, token, amount, nonce, expiry };
        let digest = deposit_digest(host, signed)?;
        signature::require_valid(host, staker, digest, &signature, expiry)?;
        NONCES.set(host, staker, nonce.wrapping_add(U256::ONE))?;
        deposit(host, staker, strategy, token, amount)
    })
}

fn deposit(
    host: &mut dyn Host,
    staker: Address,
    strategy: Address,
    token: Address,
    amount: U256,
) -> Result<U256> {
    let is_whitelisted = WHITELIST.get(host, strategy)?;
    require(is_whitelisted, StrategyNotWhitelisted {})?;
    let payer = host.msg().sender;
    erc20::safe_transfer_from(host, token, payer, strategy, amount)?;
    let shares = strategies::deposit(host, strategy, token, amount)?;
    let (before, mut position) = add_to(host, staker, strategy, DepositShares(shares))?;
    let call =
        increaseDelegatedSharesCall { staker, strategy, prevDepositShares: before.0, addedShares: shares };
    call_native(host, DELEGATION_MANAGER, call, |host, call| {
        delegation_manager::increase_delegated(host, &call, &mut position)
    })?;
    position.store(host, staker, strategy)?;
    Ok(shares)
}

/// What a staker signs to let somebody deposit for it.
///
/// # Errors
/// Out of gas.
pub(super) fn deposit_digest(
    view: &mut (impl View + ?Sized),
    call: calculateStrategyDepositDigestHashCall,
) -> Result<B256> {
    let fields = [
        DEPOSIT_TYPEHASH,
        eip712::word(call.staker),
        eip712::word(call.strategy),
        eip712::word(call.token),
        call.amount.into(),
        call.nonce.into(),
        call.expiry.into(),
    ];
    Ok(eip712::digest(view, &fields)?)
}
