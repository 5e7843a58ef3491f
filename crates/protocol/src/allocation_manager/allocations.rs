//! Allocations: what of an operator's magnitude each set can slash, and how an operator changes it
//! (restaking-core §5.2, §5.4).

use super::{
    PAUSED_MODIFY_ALLOCATIONS, after,
    delays::require_permission_of_operator,
    existing, key, past, queue,
    rows::{
        ALLOCATED_SETS, ALLOCATED_STRATEGIES, ALLOCATIONS, AllocationRow, MEMBERSHIPS, MemberRow, OPERATORS,
        PAUSED, SET_STRATEGIES,
    },
};
use crate::{
    covenants,
    history::now,
    host::{Fatal, Host, Result, View, emit, require, revert_with},
    ledger::Operator,
    lists::{push, shorter, take},
    pausable::require_running,
};
use alloy_primitives::{Address, B256};
use types::abi::IAllocationManager::{
    AllocateParams, AllocationUpdated, EncumberedMagnitudeUpdated, InputArrayLengthMismatch,
    InsufficientMagnitude, ModificationAlreadyPending, OperatorSet, SameMagnitude,
    UninitializedAllocationDelay, modifyAllocationsCall,
};

/// `magnitude + difference`, as the originals add.
///
/// # Errors
/// OpenZeppelin's string if the sum is negative or does not fit 64 bits.
pub(super) fn shifted(magnitude: u64, difference: i128) -> Result<u64> {
    let sum = i128::from(magnitude).checked_add(difference).and_then(|sum| u64::try_from(sum).ok());
    sum.map_or_else(|| revert_with("SafeCast: value doesn't fit in 64 bits"), Ok)
}

impl AllocationRow {
    /// The state at `now`, and what a deallocation that is done by then frees (zero or less).
    ///
    /// # Errors
    /// OpenZeppelin's string; never, while the invariants hold.
    pub fn settled(self, now: u32) -> Result<(Self, i64)> {
        if now < self.effect_block {
            return Ok((self, 0));
        }
        let current = shifted(self.current, self.pending.into())?;
        Ok((Self { current, pending: 0, effect_block: 0, ..self }, self.pending.min(0)))
    }
}

/// An allocation together with the operator's stake in the strategy, as if all that is due were done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allocated {
    operator: Address,
    set: B256,
    strategy: Address,
    /// The encumbered magnitude that is stored.
    stored_encumbered: u64,
    pub stake: Operator,
    pub row: AllocationRow,
}

impl Allocated {
    /// Reads.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    pub fn load<V: View + ?Sized>(
        view: &mut V,
        operator: Address,
        set: B256,
        strategy: Address,
    ) -> Result<Self> {
        let mut stake = Operator::load(view, operator, strategy)?;
        let stored_encumbered = stake.encumbered_magnitude;
        let (row, freed) = ALLOCATIONS.get(view, (operator, set, strategy))?.settled(now(view))?;
        stake.encumbered_magnitude = shifted(stored_encumbered, freed.into())?;
        Ok(Self { operator, set, strategy, stored_encumbered, stake, row })
    }

    /// Writes, and keeps the lists of what is allocated.
    ///
    /// # Errors
    /// Out of gas, a static frame, or the node's.
    pub fn store(mut self, host: &mut dyn Host) -> Result<()> {
        let Self { operator, set, strategy, .. } = self;
        let encumbered = self.stake.encumbered_magnitude;
        if encumbered != self.stored_encumbered {
            self.stake.store(host, operator, strategy)?;
            let event = EncumberedMagnitudeUpdated { operator, strategy, encumberedMagnitude: encumbered };
            emit(host, &event)?;
        }
        if self.row.pending != 0 && self.row.place == 0 {
            self.row.place = self.list(host)?;
        } else if self.row.pending == 0 && self.row.current == 0 && self.row.place != 0 {
            self.unlist(host)?;
            self.row.place = 0;
        }
        // A past effect block without a change reads as none: so what is given back leaves an empty slot.
        if self.row.pending == 0 && self.row.effect_block <= now(host) {
            self.row.effect_block = 0;
        }
        Ok(ALLOCATIONS.set(host, (operator, set, strategy), self.row)?)
    }

    /// Adds the strategy to those allocated to the set, and the set to those that have any.
    fn list(&self, host: &mut dyn Host) -> Result<u32> {
        let Self { operator, set, strategy, .. } = *self;
        let mut member = MEMBERSHIPS.get(host, (operator, set))?;
        let key = |place| (operator, set, place);
        let place = push(host, &ALLOCATED_STRATEGIES, key, member.strategies, strategy)?;
        member.strategies = place;
        if member.allocated_place == 0 {
            let mut row = OPERATORS.get(host, operator)?;
            let key = |place| (operator, place);
            row.allocated_sets = push(host, &ALLOCATED_SETS, key, row.allocated_sets, set)?;
            member.allocated_place = row.allocated_sets;
            OPERATORS.set(host, operator, row)?;
        }
        MEMBERSHIPS.set(host, (operator, set), member)?;
        Ok(place)
    }

    fn unlist(&self, host: &mut dyn Host) -> Result<()> {
        let Self { operator, set, .. } = *self;
        let mut member = MEMBERSHIPS.get(host, (operator, set))?;
        let (list, place) = (&ALLOCATED_STRATEGIES, self.row.place);
        let moved = take(host, list, |place| (operator, set, place), member.strategies, place)?;
        if let Some(moved) = moved {
            let mut row = ALLOCATIONS.get(host, (operator, set, moved))?;
            row.place = place;
            ALLOCATIONS.set(host, (operator, set, moved), row)?;
        }
        member.strategies = shorter(member.strategies)?;
        if member.strategies == 0 {
            unlist_set(host, operator, member.allocated_place)?;
            member.allocated_place = 0;
        }
        Ok(MEMBERSHIPS.set(host, (operator, set), member)?)
    }
}

fn unlist_set(host: &mut dyn Host, operator: Address, place: u32) -> Result<()> {
    let mut row = OPERATORS.get(host, operator)?;
    let moved = take(host, &ALLOCATED_SETS, |place| (operator, place), row.allocated_sets, place)?;
    row.allocated_sets = shorter(row.allocated_sets)?;
    OPERATORS.set(host, operator, row)?;
    if let Some(moved) = moved {
        let mut member = MEMBERSHIPS.get(host, (operator, moved))?;
        member.allocated_place = place;
        MEMBERSHIPS.set(host, (operator, moved), member)?;
    }
    Ok(())
}

/// Sets how much of an operator's magnitude sets can slash. More takes effect after the operator's allocation delay,
/// less after the deallocation delay, or at once where it could not be slashed anyway.
///
/// # Errors
/// `CurrentlyPaused`, `InvalidPermissions` (slashing release: `InvalidCaller`), `UninitializedAllocationDelay`,
/// `InputArrayLengthMismatch`, `InvalidOperatorSet`, `ModificationAlreadyPending`, `SameMagnitude`,
/// `InsufficientMagnitude`, OpenZeppelin's string, `Panic(0x11)`; with a covenant `CovenantViolation`.
pub(super) fn modify_allocations(host: &mut dyn Host, call: modifyAllocationsCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_MODIFY_ALLOCATIONS)?;
    let modifyAllocationsCall { operator, params } = call;
    require_permission_of_operator(host, operator)?;
    let row = OPERATORS.get(host, operator)?.at(now(host));
    require(row.is_set, UninitializedAllocationDelay {})?;
    let changed = row.has_covenant.then(|| params.iter().flat_map(|set| set.strategies.clone()).collect());
    for AllocateParams { operatorSet: set, strategies, newMagnitudes: magnitudes } in params {
        require(strategies.len() == magnitudes.len(), InputArrayLengthMismatch {})?;
        existing(host, key(&set))?;
        let member = MEMBERSHIPS.get(host, (operator, key(&set)))?;
        for (strategy, magnitude) in strategies.into_iter().zip(magnitudes) {
            modify(host, operator, &set, &member, strategy, magnitude, row.delay)?;
        }
    }
    match changed {
        Some(strategies) => covenants::require_allocations(host, operator, strategies),
        None => Ok(()),
    }
}

fn modify(
    host: &mut dyn Host,
    operator: Address,
    set: &OperatorSet,
    member: &MemberRow,
    strategy: Address,
    magnitude: u64,
    allocation_delay: u32,
) -> Result<()> {
    let name = key(set);
    queue::clear(host, operator, strategy, u16::MAX)?;
    let mut allocated = Allocated::load(host, operator, name, strategy)?;
    let Allocated { stake, row, .. } = &mut allocated;
    require(row.effect_block == 0, ModificationAlreadyPending {})?;
    let difference = i128::from(magnitude).saturating_sub(row.current.into());
    require(difference != 0, SameMagnitude {})?;
    if difference > 0 {
        stake.encumbered_magnitude = shifted(stake.encumbered_magnitude, difference)?;
        require(stake.encumbered_magnitude <= stake.max_magnitude(), InsufficientMagnitude {})?;
        row.pending = change(difference)?;
        row.effect_block = after(host, allocation_delay)?;
    } else if member.is_slashable(now(host)) && SET_STRATEGIES.contains(host, name, strategy)? {
        row.pending = change(difference)?;
        queue::push_back(host, operator, strategy, name)?;
        row.effect_block = past(host, host.params().withdrawal_delay_blocks)?;
    } else {
        stake.encumbered_magnitude = shifted(stake.encumbered_magnitude, difference)?;
        row.current = magnitude;
        row.effect_block = now(host);
    }
    let effect_block = row.effect_block;
    allocated.store(host)?;
    let operator_set = set.clone();
    emit(
        host,
        &AllocationUpdated {
            operator,
            operatorSet: operator_set,
            strategy,
            magnitude,
            effectBlock: effect_block,
        },
    )
}

/// A change of a magnitude within bounds, which is at most one.
fn change(difference: i128) -> Result<i64, Fatal> {
    i64::try_from(difference).map_err(|_| Fatal::Broken("a change of magnitude is at most one"))
}
