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
    first_release::{IFirstRelease, is_in_force},
    history::{self, now},
    host::{Fatal, Host, Result, View, call_native, emit, require},
    math::{WAD_U256, div_wad, mul_wad_up, panic},
    pausable::require_running,
};
use alloy_primitives::{Address, B256, U256};
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
        require_in_order(host, key(set), previous, *strategy, *wad)?;
        previous = Some(*strategy);
        let (taken, part) = slash_strategy(host, set, slash_id, params.operator, *strategy, *wad)?;
        shares.push(taken);
        slashed.push(part);
    }
    Ok((shares, slashed))
}

/// What a slash takes in one strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Max magnitude before.
    pub before: u64,
    /// Max magnitude after.
    pub after: u64,
    /// What is taken, as a share of the max magnitude before, 18 decimals.
    pub part: U256,
    /// Whether a deallocation that waits is cut too.
    cuts_pending: bool,
}

impl Allocated {
    /// Takes the share `wad` of what is allocated, and of a deallocation that waits; `None` if nothing is allocated.
    /// Nothing is written.
    ///
    /// # Errors
    /// `Panic(0x11)`.
    fn cut(&mut self, wad: U256) -> Result<Option<Cut>> {
        let Self { stake, row, .. } = self;
        if row.current == 0 {
            return Ok(None);
        }
        let taken = part_of(row.current, wad)?;
        let before = stake.max_magnitude();
        let part = div_wad(U256::from(taken), U256::from(before))?;
        row.current = less(row.current, taken)?;
        let after = less(before, taken)?;
        stake.set_max_magnitude(after);
        stake.encumbered_magnitude = less(stake.encumbered_magnitude, taken)?;
        let cuts_pending = row.pending < 0;
        if cuts_pending {
            let taken = part_of(row.pending.unsigned_abs(), wad)?;
            row.pending =
                row.pending.checked_add_unsigned(taken).ok_or(Fatal::Broken("a part is no more"))?;
        }
        Ok(Some(Cut { before, after, part, cuts_pending }))
    }
}

/// What a slash would take in each strategy, `None` where nothing is allocated. Nothing is written, and who asks may
/// be anyone.
///
/// # Errors
/// As `slash_operator`'s, but for `CurrentlyPaused` and `InvalidCaller`.
pub(crate) fn preview(
    view: &mut dyn View,
    set: B256,
    operator: Address,
    strategies: &[Address],
    wads: &[U256],
) -> Result<Vec<Option<Cut>>> {
    require(strategies.len() == wads.len(), InputArrayLengthMismatch {})?;
    existing(view, set)?;
    let member = MEMBERSHIPS.get(view, (operator, set))?;
    require(member.is_slashable(now(view)), OperatorNotSlashable {})?;
    let mut previous = None;
    let mut cuts = Vec::with_capacity(strategies.len());
    for (strategy, wad) in strategies.iter().zip(wads) {
        require_in_order(view, set, previous, *strategy, *wad)?;
        previous = Some(*strategy);
        cuts.push(Allocated::load(view, operator, set, *strategy)?.cut(*wad)?);
    }
    Ok(cuts)
}

/// Lets a strategy of a slash pass, after the `previous` one.
///
/// # Errors
/// `StrategiesMustBeInAscendingOrder`, `InvalidWadToSlash`, `StrategyNotInOperatorSet`.
fn require_in_order<V: View + ?Sized>(
    view: &mut V,
    set: B256,
    previous: Option<Address>,
    strategy: Address,
    wad: U256,
) -> Result<()> {
    let ascends = previous.is_none_or(|previous| strategy > previous);
    require(ascends, StrategiesMustBeInAscendingOrder {})?;
    require(!wad.is_zero() && wad <= WAD_U256, InvalidWadToSlash {})?;
    let is_in_set = SET_STRATEGIES.contains(view, set, strategy)?;
    require(is_in_set, StrategyNotInOperatorSet {})
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
    let Some(Cut { before, after, part, cuts_pending }) = allocated.cut(wad)? else {
        return Ok((U256::ZERO, U256::ZERO));
    };
    let row = allocated.row;
    let updated = |magnitude, effect_block| AllocationUpdated {
        operator,
        operatorSet: set.clone(),
        strategy,
        magnitude,
        effectBlock: effect_block,
    };
    if cuts_pending {
        let magnitude = shifted(row.current, row.pending.into())?;
        emit(host, &updated(magnitude, row.effect_block))?;
    }
    let (current, now) = (row.current, now(host));
    allocated.store(host)?;
    emit(host, &updated(current, now))?;
    history::push_magnitude(host, operator, strategy, now, after)?;
    emit(host, &MaxMagnitudeUpdated { operator, strategy, maxMagnitude: after })?;
    let call = slashOperatorSharesCall {
        operator,
        operatorSet: set.clone().into(),
        slashId: slash_id,
        strategy,
        prevMaxMagnitude: before,
        newMaxMagnitude: after,
    };
    Ok((take_shares(host, call)?, part))
}

/// Has DelegationManager take what the magnitude's fall costs, and returns it; the slashing release tells nobody.
fn take_shares(host: &mut dyn Host, call: slashOperatorSharesCall) -> Result<U256> {
    if !is_in_force(host) {
        return call_native(host, DELEGATION_MANAGER, call, |host, call| {
            delegation_manager::slash_operator_shares(host, call)
        });
    }
    let slashOperatorSharesCall { operator, strategy, prevMaxMagnitude, newMaxMagnitude, .. } = call;
    let call =
        IFirstRelease::slashOperatorSharesCall { operator, strategy, prevMaxMagnitude, newMaxMagnitude };
    call_native(host, DELEGATION_MANAGER, call, |host, call| {
        delegation_manager::first_slash_operator_shares(host, call)
    })?;
    Ok(U256::ZERO)
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
