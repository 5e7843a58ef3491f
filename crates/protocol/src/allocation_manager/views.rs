//! What AllocationManager tells of itself, as if all that is due were done.

use super::{
    allocations::shifted,
    key, queue,
    rows::{
        ALLOCATED_SETS, ALLOCATED_STRATEGIES, ALLOCATIONS, AllocationRow, MEMBERS, MEMBERSHIPS, OPERATORS,
        REGISTERED_SETS, SERVICES, SET_STRATEGIES, SETS,
    },
    set_of,
    sets::registrar_or,
    slashers,
};
use crate::{
    history::{self, now},
    host::{Result, View},
    ledger::Operator,
    lists::items,
    math::{div_wad, mul_wad, panic},
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::PanicKind;
use types::abi::IAllocationManager::{
    ALLOCATION_CONFIGURATION_DELAYCall, Allocation, DEALLOCATION_DELAYCall, OperatorSet,
    SLASHER_CONFIGURATION_DELAYCall, getAVSRegistrarCall, getAllocatableMagnitudeCall, getAllocatedSetsCall,
    getAllocatedStakeCall, getAllocatedStrategiesCall, getAllocationCall, getAllocationsCall,
    getEncumberedMagnitudeCall, getMaxMagnitudeCall, getMaxMagnitudes_0Call, getMaxMagnitudes_1Call,
    getMaxMagnitudesAtBlockCall, getMemberCountCall, getMembersCall, getMinimumSlashableStakeCall,
    getOperatorSetCountCall, getPendingSlasherCall, getRegisteredSetsCall, getSlashCountCall, getSlasherCall,
    getStrategiesInOperatorSetCall, getStrategyAllocationsCall, isMemberOfOperatorSetCall,
    isOperatorRedistributableCall, isOperatorSetCall, isOperatorSlashableCall,
    isRedistributingOperatorSetCall,
};

pub(super) fn max_magnitude(view: &mut dyn View, call: getMaxMagnitudeCall) -> Result<u64> {
    Ok(Operator::load(view, call.operator, call.strategy)?.max_magnitude())
}

pub(super) fn max_magnitudes_of_strategies(
    view: &mut dyn View,
    call: getMaxMagnitudes_0Call,
) -> Result<Vec<u64>> {
    let getMaxMagnitudes_0Call { operator, strategies } = call;
    let magnitude = |strategy| Ok(Operator::load(view, operator, strategy)?.max_magnitude());
    strategies.into_iter().map(magnitude).collect()
}

pub(super) fn max_magnitudes_of_operators(
    view: &mut dyn View,
    call: getMaxMagnitudes_1Call,
) -> Result<Vec<u64>> {
    let getMaxMagnitudes_1Call { operators, strategy } = call;
    let magnitude = |operator| Ok(Operator::load(view, operator, strategy)?.max_magnitude());
    operators.into_iter().map(magnitude).collect()
}

pub(super) fn max_magnitudes_at_block(
    view: &mut dyn View,
    call: getMaxMagnitudesAtBlockCall,
) -> Result<Vec<u64>> {
    let getMaxMagnitudesAtBlockCall { operator, strategies, blockNumber } = call;
    let magnitude = |strategy| Ok(history::magnitude_at(view, operator, strategy, blockNumber)?);
    strategies.into_iter().map(magnitude).collect()
}

fn settled(view: &mut dyn View, operator: Address, set: B256, strategy: Address) -> Result<AllocationRow> {
    let row = ALLOCATIONS.get(view, (operator, set, strategy))?;
    Ok(row.settled(now(view))?.0)
}

fn allocation_of(view: &mut dyn View, operator: Address, set: B256, strategy: Address) -> Result<Allocation> {
    let AllocationRow { current, pending, effect_block, .. } = settled(view, operator, set, strategy)?;
    Ok(Allocation { currentMagnitude: current, pendingDiff: pending.into(), effectBlock: effect_block })
}

pub(super) fn allocation(view: &mut dyn View, call: getAllocationCall) -> Result<Allocation> {
    allocation_of(view, call.operator, key(&call.operatorSet), call.strategy)
}

pub(super) fn allocations(view: &mut dyn View, call: getAllocationsCall) -> Result<Vec<Allocation>> {
    let set = key(&call.operatorSet);
    call.operators.into_iter().map(|operator| allocation_of(view, operator, set, call.strategy)).collect()
}

/// All sets that have anything allocated, each with its allocation of one strategy, which may be empty.
pub(super) fn strategy_allocations(
    view: &mut dyn View,
    call: getStrategyAllocationsCall,
) -> Result<(Vec<OperatorSet>, Vec<Allocation>)> {
    let getStrategyAllocationsCall { operator, strategy } = call;
    let (mut sets, mut allocations) = (Vec::new(), Vec::new());
    for set in allocated(view, operator)? {
        allocations.push(allocation_of(view, operator, set, strategy)?);
        sets.push(set_of(set));
    }
    Ok((sets, allocations))
}

/// Encumbered and max magnitude, as if the front of the deallocation queue were cleared.
///
/// # Errors
/// Out of gas, or the node's.
pub(crate) fn magnitudes(view: &mut dyn View, operator: Address, strategy: Address) -> Result<(u64, u64)> {
    let stake = Operator::load(view, operator, strategy)?;
    let mut encumbered = stake.encumbered_magnitude;
    let mut walk = queue::Walk::start(view, operator, strategy)?;
    while let Some(set) = walk.next(view)? {
        let row = ALLOCATIONS.get(view, (operator, set, strategy))?;
        if now(view) < row.effect_block {
            break;
        }
        encumbered = shifted(encumbered, row.pending.into())?;
    }
    Ok((encumbered, stake.max_magnitude()))
}

pub(super) fn encumbered_magnitude(view: &mut dyn View, call: getEncumberedMagnitudeCall) -> Result<u64> {
    Ok(magnitudes(view, call.operator, call.strategy)?.0)
}

pub(super) fn allocatable_magnitude(view: &mut dyn View, call: getAllocatableMagnitudeCall) -> Result<u64> {
    let (encumbered, max) = magnitudes(view, call.operator, call.strategy)?;
    max.checked_sub(encumbered).ok_or_else(|| panic(PanicKind::UnderOverflow))
}

fn allocated(view: &mut dyn View, operator: Address) -> Result<Vec<B256>> {
    let length = OPERATORS.get(view, operator)?.allocated_sets;
    items(view, &ALLOCATED_SETS, |index| (operator, index), length)
}

fn registered(view: &mut dyn View, operator: Address) -> Result<Vec<B256>> {
    let length = OPERATORS.get(view, operator)?.registered_sets;
    items(view, &REGISTERED_SETS, |index| (operator, index), length)
}

pub(super) fn allocated_sets(view: &mut dyn View, call: getAllocatedSetsCall) -> Result<Vec<OperatorSet>> {
    Ok(allocated(view, call.operator)?.into_iter().map(set_of).collect())
}

pub(super) fn registered_sets(view: &mut dyn View, call: getRegisteredSetsCall) -> Result<Vec<OperatorSet>> {
    Ok(registered(view, call.operator)?.into_iter().map(set_of).collect())
}

pub(super) fn allocated_strategies(
    view: &mut dyn View,
    call: getAllocatedStrategiesCall,
) -> Result<Vec<Address>> {
    let (operator, set) = (call.operator, key(&call.operatorSet));
    let length = MEMBERSHIPS.get(view, (operator, set))?.strategies;
    items(view, &ALLOCATED_STRATEGIES, |index| (operator, set, index), length)
}

pub(super) fn members(view: &mut dyn View, call: getMembersCall) -> Result<Vec<Address>> {
    let set = key(&call.operatorSet);
    let length = SETS.get(view, set)?.members;
    items(view, &MEMBERS, |index| (set, index), length)
}

pub(super) fn member_count(view: &mut dyn View, call: getMemberCountCall) -> Result<U256> {
    Ok(U256::from(SETS.get(view, key(&call.operatorSet))?.members))
}

pub(super) fn is_member(view: &mut dyn View, call: isMemberOfOperatorSetCall) -> Result<bool> {
    Ok(MEMBERSHIPS.get(view, (call.operator, key(&call.operatorSet)))?.registered)
}

pub(super) fn is_operator_set(view: &mut dyn View, call: isOperatorSetCall) -> Result<bool> {
    Ok(SETS.get(view, key(&call.operatorSet))?.exists)
}

pub(super) fn operator_set_count(view: &mut dyn View, call: getOperatorSetCountCall) -> Result<U256> {
    Ok(U256::from(SERVICES.get(view, call.avs)?.sets))
}

pub(super) fn strategies_in_set(
    view: &mut dyn View,
    call: getStrategiesInOperatorSetCall,
) -> Result<Vec<Address>> {
    Ok(SET_STRATEGIES.values(view, key(&call.operatorSet))?)
}

pub(super) fn avs_registrar(view: &mut dyn View, call: getAVSRegistrarCall) -> Result<Address> {
    Ok(registrar_or(call.avs, SERVICES.get(view, call.avs)?.registrar))
}

/// Whether a set can slash an operator now. Other native contracts ask it too.
///
/// # Errors
/// Out of gas, or the node's.
pub fn is_operator_slashable<V: View + ?Sized>(view: &mut V, call: isOperatorSlashableCall) -> Result<bool> {
    let member = MEMBERSHIPS.get(view, (call.operator, key(&call.operatorSet)))?;
    Ok(member.is_slashable(now(view)))
}

/// The stake that `set` can slash of each operator in each strategy, with deallocations up to `future_block` done.
fn allocated_stakes(
    view: &mut dyn View,
    set: B256,
    operators: &[Address],
    strategies: &[Address],
    future_block: u32,
) -> Result<Vec<Vec<U256>>> {
    let row = |operator: &Address| {
        let stake = |strategy: &Address| allocated_stake(view, set, *operator, *strategy, future_block);
        strategies.iter().map(stake).collect()
    };
    operators.iter().map(row).collect()
}

fn allocated_stake(
    view: &mut dyn View,
    set: B256,
    operator: Address,
    strategy: Address,
    future_block: u32,
) -> Result<U256> {
    let stake = Operator::load(view, operator, strategy)?;
    if stake.max_magnitude() == 0 {
        return Ok(U256::ZERO);
    }
    let row = settled(view, operator, set, strategy)?;
    let leaves = row.effect_block <= future_block && row.pending < 0;
    let magnitude = if leaves { shifted(row.current, row.pending.into())? } else { row.current };
    let part = div_wad(U256::from(magnitude), U256::from(stake.max_magnitude()))?;
    mul_wad(stake.shares.0, part)
}

pub(super) fn allocated_stake_now(
    view: &mut dyn View,
    call: getAllocatedStakeCall,
) -> Result<Vec<Vec<U256>>> {
    let now = now(view);
    allocated_stakes(view, key(&call.operatorSet), &call.operators, &call.strategies, now)
}

/// What a set can slash of operators in strategies until a block, with the deallocations until then done.
///
/// # Errors
/// Out of gas, or the node's.
pub(crate) fn minimum_slashable_stake(
    view: &mut dyn View,
    call: getMinimumSlashableStakeCall,
) -> Result<Vec<Vec<U256>>> {
    let getMinimumSlashableStakeCall { operatorSet, operators, strategies, futureBlock } = call;
    let set = key(&operatorSet);
    let mut stakes = allocated_stakes(view, set, &operators, &strategies, futureBlock)?;
    for (operator, row) in operators.into_iter().zip(&mut stakes) {
        if !MEMBERSHIPS.get(view, (operator, set))?.is_slashable(now(view)) {
            row.fill(U256::ZERO);
        }
    }
    Ok(stakes)
}

pub(super) fn slasher(view: &mut dyn View, call: getSlasherCall) -> Result<Address> {
    let set = key(&call.operatorSet);
    let row = SETS.get(view, set)?;
    slashers::slasher(view, set, &row)
}

/// Who waits to become the slasher and from which block on; zeros if nobody does.
pub(super) fn pending_slasher(view: &mut dyn View, call: getPendingSlasherCall) -> Result<(Address, u32)> {
    let set = key(&call.operatorSet);
    let row = SETS.get(view, set)?;
    let now = now(view);
    let waiting = slashers::pending(view, set, &row)?.filter(|pending| now < pending.effect_block);
    Ok(waiting.map_or_else(Default::default, |pending| (pending.slasher, pending.effect_block)))
}

pub(super) fn slash_count(view: &mut dyn View, call: getSlashCountCall) -> Result<U256> {
    Ok(U256::from(SETS.get(view, key(&call.operatorSet))?.slashes))
}

pub(super) fn is_redistributing(view: &mut dyn View, call: isRedistributingOperatorSetCall) -> Result<bool> {
    Ok(SETS.get(view, key(&call.operatorSet))?.redistributes)
}

/// Whether any set that redistributes can slash the operator: of those it is in, and those with an allocation, which
/// it may have left.
pub(super) fn is_operator_redistributable(
    view: &mut dyn View,
    call: isOperatorRedistributableCall,
) -> Result<bool> {
    let operator = call.operator;
    let sets = [registered(view, operator)?, allocated(view, operator)?].concat();
    for set in sets {
        let is_slashable = MEMBERSHIPS.get(view, (operator, set))?.is_slashable(now(view));
        if is_slashable && SETS.get(view, set)?.redistributes {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn deallocation_delay(view: &mut dyn View, _: DEALLOCATION_DELAYCall) -> Result<u32> {
    Ok(view.params().withdrawal_delay_blocks)
}

pub(super) fn allocation_configuration_delay(
    view: &mut dyn View,
    _: ALLOCATION_CONFIGURATION_DELAYCall,
) -> Result<u32> {
    Ok(view.params().configuration_delay_blocks)
}

pub(super) fn slasher_configuration_delay(
    view: &mut dyn View,
    _: SLASHER_CONFIGURATION_DELAYCall,
) -> Result<u32> {
    Ok(view.params().configuration_delay_blocks)
}
