//! Slashes: the operator's shares fall with its magnitude, and with them what waits in the queue; stakers' deposit
//! shares stay, for their worth follows the magnitude.

use super::pods;
use crate::{
    eigen_pod_manager,
    first_release::IFirstRelease::{self, increaseBurnableSharesCall},
    guard::require_not_entered,
    history,
    host::{Host, Result, View, call_native, emit, require},
    ledger::{Operator, Position, STAKERS},
    math::{add, sub},
    slashing::{SlashingFactor, operator_loss, queue_loss, withdrawable},
    strategy_manager::{self, Origin},
};
use alloy_primitives::{Address, U256};
use types::{
    Rules,
    abi::{
        IDelegationManager::{
            OnlyAllocationManager, OnlyEigenPodManager, OperatorSharesDecreased, OperatorSharesSlashed,
            decreaseDelegatedSharesCall, slashOperatorSharesCall,
        },
        IStrategyManager::increaseBurnOrRedistributableSharesCall,
    },
    addresses::{ALLOCATION_MANAGER, BEACON_STRATEGY, EIGEN_POD_MANAGER, STRATEGY_MANAGER},
    units::{DepositShares, OperatorShares},
};

/// Takes from an operator what a fall of its max magnitude costs, records it for burning or redistribution, and
/// returns the sum, the queue's part included.
///
/// # Errors
/// `OnlyAllocationManager`, `ReentrancyGuard: reentrant call`, `Panic(0x11)`, `Panic(0x12)`, StrategyManager's.
pub fn slash_operator_shares(host: &mut dyn Host, call: slashOperatorSharesCall) -> Result<U256> {
    let slashOperatorSharesCall { operator, operatorSet, slashId, strategy, .. } = call;
    let (before, after) = (call.prevMaxMagnitude, call.newMaxMagnitude);
    let total = take(host, operator, strategy, before, after)?;
    let record = increaseBurnOrRedistributableSharesCall {
        operatorSet: operatorSet.into(),
        slashId,
        strategy,
        sharesToBurn: total,
    };
    if pods::is_beacon(strategy) {
        pods::record_loss(host, record)?;
    } else {
        let origin = Origin { operator, before, after };
        call_native(host, STRATEGY_MANAGER, record, |host, call| {
            strategy_manager::record_slash(host, call, origin)
        })?;
    }
    Ok(total)
}

/// The verb as the slashing release has it: without a set, and with no answer.
///
/// # Errors
/// As [`slash_operator_shares`].
pub fn first_slash_operator_shares(
    host: &mut dyn Host,
    call: IFirstRelease::slashOperatorSharesCall,
) -> Result<()> {
    let strategy = call.strategy;
    let total = take(host, call.operator, strategy, call.prevMaxMagnitude, call.newMaxMagnitude)?;
    let record = increaseBurnableSharesCall { strategy, addedSharesToBurn: total };
    if pods::is_beacon(strategy) {
        return call_native(host, EIGEN_POD_MANAGER, record, |host, call| {
            eigen_pod_manager::first_increase_burnable_shares(host, call)
        });
    }
    call_native(host, STRATEGY_MANAGER, record, |host, call| {
        strategy_manager::increase_burnable_shares(host, call)
    })
}

/// Takes what the fall costs, and tells of it.
fn take(host: &mut dyn Host, operator: Address, strategy: Address, before: u64, after: u64) -> Result<U256> {
    require(host.msg().sender == ALLOCATION_MANAGER, OnlyAllocationManager {})?;
    require_not_entered(host)?;
    let mut stake = Operator::load(host, operator, strategy)?;
    let slashed = operator_loss(stake.shares, before, after)?;
    let in_queue = slashable_in_queue(host, operator, strategy, before, after)?;
    let total = add(slashed.0, in_queue.0)?;
    stake.shares = OperatorShares(sub(stake.shares.0, slashed.0)?);
    stake.store(host, operator, strategy)?;
    let nobody = Address::ZERO;
    emit(host, &OperatorSharesDecreased { operator, staker: nobody, strategy, shares: slashed.0 })?;
    emit(host, &OperatorSharesSlashed { operator, strategy, totalSlashedShares: total })?;
    Ok(total)
}

/// What withdrawals in their window lose together when the magnitude falls.
///
/// # Errors
/// `Panic(0x11)`, `Panic(0x12)`, `Math: mulDiv overflow`.
pub(crate) fn slashable_in_queue<V: View + ?Sized>(
    view: &mut V,
    operator: Address,
    strategy: Address,
    before: u64,
    after: u64,
) -> Result<OperatorShares> {
    if before == 0 && view.params().rules != Rules::Slashing2025 {
        return Ok(OperatorShares::ZERO);
    }
    let in_window = history::queued_in_window(view, operator, strategy)?;
    queue_loss(in_window, before, after, view.params().rules)
}

/// Takes from a staker's operator what the beacon chain took from the staker's pod.
///
/// # Errors
/// `OnlyEigenPodManager`, `ReentrancyGuard: reentrant call`, `Panic(0x11)`.
pub fn decrease_delegated_shares(host: &mut dyn Host, call: decreaseDelegatedSharesCall) -> Result<()> {
    require(host.msg().sender == EIGEN_POD_MANAGER, OnlyEigenPodManager {})?;
    require_not_entered(host)?;
    let decreaseDelegatedSharesCall { staker, curDepositShares, beaconChainSlashingFactorDecrease } = call;
    let operator = STAKERS.get(host, staker)?.operator(staker);
    if operator.is_zero() {
        return Ok(());
    }
    let strategy = BEACON_STRATEGY;
    let k = Position::load(host, staker, strategy)?.scaling;
    let mut stake = Operator::load(host, operator, strategy)?;
    let decrease = SlashingFactor::of_magnitude(beaconChainSlashingFactorDecrease);
    let f = stake.slashing_factor().times(decrease);
    let removed = withdrawable(DepositShares(curDepositShares), k, f)?;
    stake.shares = OperatorShares(sub(stake.shares.0, removed.0)?);
    stake.store(host, operator, strategy)?;
    emit(host, &OperatorSharesDecreased { operator, staker, strategy, shares: removed.0 })
}
