//! Slashing: a set takes part of what an operator has allocated to it. Magnitudes fall, and with them the worth of all
//! stakers' shares at once: the work does not depend on how many they are (restaking-core §5.5).

use super::{
    PAUSED_OPERATOR_SLASHING,
    allocations::{Allocated, shifted},
    existing, key, require_permission,
    rows::{MEMBERSHIPS, PAUSED, SET_STRATEGIES, SETS, SLASH_LIMIT, SetRow},
    slashers::slasher,
};
use crate::{
    delegation_manager,
    history::{self, now},
    host::{Fatal, Host, Result, call_native, emit, require},
    math::{WAD_U256, div_wad, mul_wad_up, panic},
    pausable::require_running,
};
use alloy_primitives::{Address, U256};
use alloy_sol_types::PanicKind;
use types::{
    Rules,
    abi::{
        IAllocationManager::{
            AllocationUpdated, InputArrayLengthMismatch, InvalidCaller, InvalidWadToSlash,
            MaxMagnitudeUpdated, OperatorNotSlashable, OperatorSet, OperatorSlashed, SlashingParams,
            StrategiesMustBeInAscendingOrder, StrategyNotInOperatorSet, slashOperatorCall,
        },
        IDelegationManager::slashOperatorSharesCall,
    },
    addresses::DELEGATION_MANAGER,
};

/// Slashes an operator in strategies of a set, each by its share of what is allocated, and returns the slash's id and
/// what operator shares it took. A strategy with nothing allocated is passed over.
///
/// # Errors
/// `CurrentlyPaused`, (slashing release: `InvalidPermissions`), `InputArrayLengthMismatch`, `InvalidOperatorSet`,
/// `OperatorNotSlashable`, `InvalidCaller`, `StrategiesMustBeInAscendingOrder`, `InvalidWadToSlash`,
/// `StrategyNotInOperatorSet`, DelegationManager's.
pub(super) fn slash_operator(host: &mut dyn Host, call: slashOperatorCall) -> Result<(U256, Vec<U256>)> {
    require_running(host, &PAUSED, PAUSED_OPERATOR_SLASHING)?;
    let slashOperatorCall { avs, params } = call;
    let is_first_release = host.params().rules == Rules::Slashing2025;
    if is_first_release {
        require_permission(host, avs)?;
    }
    let set = OperatorSet { avs, id: params.operatorSetId };
    let name = key(&set);
    require(params.strategies.len() == params.wadsToSlash.len(), InputArrayLengthMismatch {})?;
    let row = existing(host, name)?;
    let member = MEMBERSHIPS.get(host, (params.operator, name))?;
    require(member.is_slashable(now(host)), OperatorNotSlashable {})?;
    let slash_id = if is_first_release { U256::ZERO } else { open_slash(host, &set, row)? };
    let (shares, slashed) = slash_strategies(host, &set, slash_id, &params)?;
    let SlashingParams { operator, strategies, description, .. } = params;
    let event = OperatorSlashed { operator, operatorSet: set, strategies, wadSlashed: slashed, description };
    emit(host, &event)?;
    Ok((slash_id, shares))
}

/// Lets only the set's slasher pass, and gives the slash its id.
///
/// # Errors
/// `InvalidCaller`.
fn open_slash(host: &mut dyn Host, set: &OperatorSet, row: SetRow) -> Result<U256> {
    let name = key(set);
    let slasher = slasher(host, name, &row)?;
    require(host.msg().sender == slasher, InvalidCaller {})?;
    let slashes = row.slashes.checked_add(1).filter(|id| *id < SLASH_LIMIT);
    let slashes = slashes.ok_or_else(|| panic(PanicKind::UnderOverflow))?;
    // The row is written anyway, so a slasher that took over moves into it and the other slot is not read again.
    let has_pending_slasher = row.has_pending_slasher && slasher == row.slasher;
    SETS.set(host, name, SetRow { slasher, slashes, has_pending_slasher, ..row })?;
    Ok(U256::from(slashes))
}

/// What was slashed by strategy: operator shares, and magnitude as a share of the max magnitude before.
fn slash_strategies(
    host: &mut dyn Host,
    set: &OperatorSet,
    slash_id: U256,
    params: &SlashingParams,
) -> Result<(Vec<U256>, Vec<U256>)> {
    let (mut shares, mut slashed) = (Vec::new(), Vec::new());
    let mut previous = None;
    for (strategy, wad) in params.strategies.iter().zip(&params.wadsToSlash) {
        let ascends = previous.is_none_or(|previous| strategy > previous);
        require(ascends, StrategiesMustBeInAscendingOrder {})?;
        previous = Some(strategy);
        require(!wad.is_zero() && *wad <= WAD_U256, InvalidWadToSlash {})?;
        let is_in_set = SET_STRATEGIES.contains(host, key(set), *strategy)?;
        require(is_in_set, StrategyNotInOperatorSet {})?;
        let (taken, part) = slash_strategy(host, set, slash_id, params.operator, *strategy, *wad)?;
        shares.push(taken);
        slashed.push(part);
    }
    Ok((shares, slashed))
}

fn slash_strategy(
    host: &mut dyn Host,
    set: &OperatorSet,
    slash_id: U256,
    operator: Address,
    strategy: Address,
    wad: U256,
) -> Result<(U256, U256)> {
    let mut allocated = Allocated::load(host, operator, key(set), strategy)?;
    let Allocated { stake, row, .. } = &mut allocated;
    if row.current == 0 {
        return Ok((U256::ZERO, U256::ZERO));
    }
    let taken = part_of(row.current, wad)?;
    let before = stake.max_magnitude();
    let slashed = div_wad(U256::from(taken), U256::from(before))?;
    row.current = less(row.current, taken)?;
    let magnitude = less(before, taken)?;
    stake.set_max_magnitude(magnitude);
    stake.encumbered_magnitude = less(stake.encumbered_magnitude, taken)?;
    let updated = |magnitude, effect_block| AllocationUpdated {
        operator,
        operatorSet: set.clone(),
        strategy,
        magnitude,
        effectBlock: effect_block,
    };
    if row.pending < 0 {
        let taken = part_of(row.pending.unsigned_abs(), wad)?;
        row.pending = row.pending.checked_add_unsigned(taken).ok_or(Fatal::Broken("a part is no more"))?;
        let magnitude = shifted(row.current, row.pending.into())?;
        emit(host, &updated(magnitude, row.effect_block))?;
    }
    let (current, now) = (row.current, now(host));
    allocated.store(host)?;
    emit(host, &updated(current, now))?;
    history::push_magnitude(host, operator, strategy, now, magnitude)?;
    emit(host, &MaxMagnitudeUpdated { operator, strategy, maxMagnitude: magnitude })?;
    let call = slashOperatorSharesCall {
        operator,
        operatorSet: set.clone().into(),
        slashId: slash_id,
        strategy,
        prevMaxMagnitude: before,
        newMaxMagnitude: magnitude,
    };
    let shares = call_native(host, DELEGATION_MANAGER, call, |host, call| {
        delegation_manager::slash_operator_shares(host, call)
    })?;
    Ok((shares, slashed))
}

/// `⌈magnitude · wad⌉`: the smallest slash takes something.
fn part_of(magnitude: u64, wad: U256) -> Result<u64> {
    let part = mul_wad_up(U256::from(magnitude), wad)?;
    Ok(u64::try_from(part).map_err(|_| Fatal::Broken("a part of a magnitude is no more than it"))?)
}

fn less(magnitude: u64, taken: u64) -> Result<u64> {
    magnitude.checked_sub(taken).ok_or_else(|| panic(PanicKind::UnderOverflow))
}

/// Lowers an operator's max magnitude for a strategy to `magnitude` from this block on, without an allocation.
#[cfg(test)]
pub(crate) fn lower_max_magnitude(
    host: &mut dyn Host,
    operator: Address,
    strategy: Address,
    magnitude: u64,
) -> Result<()> {
    let mut row = crate::ledger::Operator::load(host, operator, strategy)?;
    row.set_max_magnitude(magnitude);
    row.store(host, operator, strategy)?;
    let now = now(host);
    history::push_magnitude(host, operator, strategy, now, magnitude)
}
