//! How much of an operator's stake in a strategy services can take, by set and all together.

use super::{allocated_sets, set_of};
use crate::{
    allocation_manager::{
        magnitudes,
        rows::{ALLOCATIONS, AllocationRow, MEMBERSHIPS, MemberRow, SET_STRATEGIES, SETS},
    },
    delegation_manager::slashable_in_queue,
    history::now,
    host::{Result, View},
    ledger::Operator,
    math::{WAD_U256, div_wad, mul_div_up, mul_wad},
};
use alloy_primitives::{Address, B256, U256};
use types::abi::ILens::{Exposure, SetAllocation};

/// An operator's exposure in one strategy; empty for accounts and strategies that nobody knows.
///
/// # Errors
/// Out of gas, or the node's.
pub fn exposure(view: &mut dyn View, operator: Address, strategy: Address) -> Result<Exposure> {
    let stake = Operator::load(view, operator, strategy)?;
    let max_magnitude = stake.max_magnitude();
    let (encumbered, _) = magnitudes(view, operator, strategy)?;
    let queued = slashable_in_queue(view, operator, strategy, max_magnitude, 0)?;
    let mut allocations = Vec::new();
    let mut slashable = 0_u64;
    for set in allocated_sets(view, operator)? {
        let Some(link) = Link::load(view, operator, set, strategy)? else { continue };
        if link.can_slash(now(view)) {
            slashable = slashable.saturating_add(link.row.current);
        }
        allocations.push(link.shown(set, strategy, &stake)?);
    }
    Ok(Exposure {
        operator,
        strategy,
        blockNumber: view.block().number,
        operatorShares: stake.shares.0,
        slashableQueuedShares: queued.0,
        maxMagnitude: max_magnitude,
        encumberedMagnitude: encumbered,
        slashableMagnitude: slashable,
        committedWad: share_of(encumbered, max_magnitude)?,
        slashableWad: share_of(slashable, max_magnitude)?,
        allocations,
    })
}

/// `⌈part · W / whole⌉`; nothing of nothing is nothing.
fn share_of(part: u64, whole: u64) -> Result<u64> {
    if whole == 0 {
        return Ok(0);
    }
    Ok(mul_div_up(U256::from(part), WAD_U256, U256::from(whole))?.saturating_to())
}

/// What ties an operator's magnitude in a strategy to a set, as if all that is due were done.
pub(super) struct Link {
    pub member: MemberRow,
    pub row: AllocationRow,
    pub is_listed: bool,
    pub redistributes: bool,
}

impl Link {
    /// `None` if nothing is allocated.
    pub fn load(
        view: &mut dyn View,
        operator: Address,
        set: B256,
        strategy: Address,
    ) -> Result<Option<Self>> {
        let (row, _) = ALLOCATIONS.get(view, (operator, set, strategy))?.settled(now(view))?;
        if row.current == 0 && row.pending == 0 {
            return Ok(None);
        }
        Ok(Some(Self {
            member: MEMBERSHIPS.get(view, (operator, set))?,
            row,
            is_listed: SET_STRATEGIES.contains(view, set, strategy)?,
            redistributes: SETS.get(view, set)?.redistributes,
        }))
    }

    /// Whether the set can slash the allocation in block `now`.
    pub const fn can_slash(&self, now: u32) -> bool {
        self.is_listed && self.member.is_slashable(now)
    }

    /// The last block in which a set can slash that the operator has left.
    pub const fn slashable_until(&self) -> u32 {
        if self.member.registered { 0 } else { self.member.slashable_until }
    }

    fn shown(&self, set: B256, strategy: Address, stake: &Operator) -> Result<SetAllocation> {
        let max_magnitude = stake.max_magnitude();
        let part = match max_magnitude {
            0 => U256::ZERO,
            max => div_wad(U256::from(self.row.current), U256::from(max))?,
        };
        Ok(SetAllocation {
            operatorSet: set_of(set),
            strategy,
            isMember: self.member.registered,
            isListed: self.is_listed,
            redistributes: self.redistributes,
            slashableUntilBlock: self.slashable_until(),
            currentMagnitude: self.row.current,
            pendingDiff: self.row.pending.into(),
            effectBlock: self.row.effect_block,
            allocatedStake: mul_wad(stake.shares.0, part)?,
        })
    }
}
