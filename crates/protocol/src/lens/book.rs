//! What the state tells of an operator and of an operator set, and when a change would take effect that is made now.

use super::{allocated_sets, allocated_strategies, exposure, key, registered_sets, set_of};
use crate::{
    allocation_manager::{
        existing, minimum_slashable_stake, redistribution_recipient,
        rows::{MEMBERS, OPERATORS, SET_STRATEGIES},
        slashers::{pending, slasher},
    },
    covenants::covenant_of,
    history::now,
    host::{Result, View},
    ledger::STAKERS,
    lists::items,
};
use alloy_primitives::{Address, U256};
use types::abi::{
    IAllocationManager::{getMinimumSlashableStakeCall, getRedistributionRecipientCall},
    ICovenants,
    ILens::{AllocationDelay, Book, Covenant, EffectBlocks, OperatorSet, SetBook, Terms},
};

/// An operator's book: its delay, its sets, and its exposure in `strategies` and wherever it has allocated.
///
/// # Errors
/// Out of gas, or the node's.
pub fn book(view: &mut dyn View, operator: Address, strategies: &[Address]) -> Result<Book> {
    let row = STAKERS.get(view, operator)?;
    let sets = allocated_sets(view, operator)?;
    let mut wanted: Vec<Address> = Vec::new();
    let mut want = |strategy: Address| {
        if !wanted.contains(&strategy) {
            wanted.push(strategy);
        }
    };
    strategies.iter().copied().for_each(&mut want);
    for set in &sets {
        allocated_strategies(view, operator, *set)?.into_iter().for_each(&mut want);
    }
    let exposures =
        wanted.into_iter().map(|strategy| exposure(view, operator, strategy)).collect::<Result<_>>()?;
    Ok(Book {
        operator,
        blockNumber: view.block().number,
        isOperator: row.is_operator(),
        delegationApprover: row.approver(),
        allocationDelay: allocation_delay(view, operator)?,
        registeredSets: registered_sets(view, operator)?.into_iter().map(set_of).collect(),
        allocatedSets: sets.into_iter().map(set_of).collect(),
        exposures,
        covenant: covenant(view, operator)?,
    })
}

fn covenant(view: &mut dyn View, operator: Address) -> Result<Covenant> {
    let covenant = covenant_of(view, operator)?;
    let terms = |terms: ICovenants::Terms| Terms {
        maxServices: terms.maxServices,
        maxSlashableWad: terms.maxSlashableWad,
        minAllocationDelayBlocks: terms.minAllocationDelayBlocks,
        allowRedistribution: terms.allowRedistribution,
        services: terms.services,
    };
    Ok(Covenant {
        exists: covenant.exists,
        inForce: terms(covenant.inForce),
        next: terms(covenant.next),
        effectBlock: covenant.effectBlock,
    })
}

fn allocation_delay(view: &mut dyn View, operator: Address) -> Result<AllocationDelay> {
    let row = OPERATORS.get(view, operator)?.at(now(view));
    let waits = now(view) < row.effect_block;
    Ok(AllocationDelay {
        isSet: row.is_set,
        delayBlocks: row.delay,
        pendingDelayBlocks: if waits { row.pending_delay } else { row.delay },
        effectBlock: if waits { row.effect_block } else { 0 },
    })
}

/// A set with its members' slashable stake, now and at a later block.
///
/// # Errors
/// `InvalidOperatorSet`.
pub fn operator_set(view: &mut dyn View, set: OperatorSet, future_block: u32) -> Result<SetBook> {
    let name = key(&set);
    let row = existing(view, name)?;
    let members = items(view, &MEMBERS, |place| (name, place), row.members)?;
    let strategies = SET_STRATEGIES.values(view, name)?;
    let waiting = pending(view, name, &row)?.filter(|pending| now(view) < pending.effect_block);
    let waiting = waiting.unwrap_or_default();
    let recipient = getRedistributionRecipientCall { operatorSet: set.clone().into() };
    let recipient = redistribution_recipient(view, recipient)?;
    let mut stake_at = |future_block| {
        let call = getMinimumSlashableStakeCall {
            operatorSet: set.clone().into(),
            operators: members.clone(),
            strategies: strategies.clone(),
            futureBlock: future_block,
        };
        minimum_slashable_stake(view, call)
    };
    let now_block = stake_at(0)?;
    let later: Vec<Vec<U256>> = stake_at(future_block)?;
    Ok(SetBook {
        operatorSet: set,
        blockNumber: view.block().number,
        redistributes: row.redistributes,
        redistributionRecipient: recipient,
        slasher: slasher(view, name, &row)?,
        pendingSlasher: waiting.slasher,
        slasherEffectBlock: waiting.effect_block,
        slashCount: row.slashes,
        strategies,
        members,
        slashableStake: now_block,
        futureSlashableStake: later,
    })
}

/// When a change would take effect that is asked for in this block. A second request for an allocation delay or a
/// slasher starts its clock anew, but for the slasher who waits already (restaking-core E7).
///
/// # Errors
/// Out of gas, or the node's.
pub fn effect_blocks(view: &mut dyn View, operator: Address) -> Result<EffectBlocks> {
    let row = OPERATORS.get(view, operator)?.at(now(view));
    let after = |blocks: u32| now(view).saturating_add(blocks);
    let params = view.params();
    let past_withdrawal = after(params.withdrawal_delay_blocks).saturating_add(1);
    let past_configuration = after(params.configuration_delay_blocks).saturating_add(1);
    Ok(EffectBlocks {
        allocation: if row.is_set { after(row.delay) } else { 0 },
        deallocation: past_withdrawal,
        allocationDelay: past_configuration,
        slasher: past_configuration,
        withdrawal: past_withdrawal,
        covenant: after(params.covenant_notice_blocks),
        forcedExit: after(params.exit_grace_blocks).saturating_add(1),
    })
}
