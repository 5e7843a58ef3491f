//! Whether an operator keeps terms: looked at after a verb has written, before it hands control to anybody. A breach
//! can only come of the operator's own verbs: slashes take from what is allocated and from the whole alike, services
//! cannot make a set redistribute, and a pending allocation counts from the start.

use super::covenant_of;
use crate::{
    allocation_manager::{
        magnitudes,
        rows::{
            ALLOCATED_SETS, ALLOCATED_STRATEGIES, MEMBERSHIPS, OPERATORS, OperatorRow, REGISTERED_SETS, SETS,
        },
    },
    history::now,
    host::{Host, Result, View, require},
    lists::items,
    math::WAD_U256,
    operator_set,
};
use alloy_primitives::{Address, B256, U256};
use std::collections::BTreeSet;
use types::abi::ICovenants::{Component, CovenantViolation, Terms};

/// What of an operator's covenant does not hold, for the auditor; `None` while it keeps it.
///
/// # Errors
/// Out of gas, or the node's.
pub fn flaw(view: &mut dyn View, operator: Address) -> Result<Option<String>> {
    let covenant = covenant_of(view, operator)?;
    let row = OPERATORS.get(view, operator)?;
    if covenant.exists && !row.has_covenant {
        return Ok(Some("its row does not tell of its covenant".into()));
    }
    let broken = first_broken(view, operator, &covenant.inForce)?;
    Ok(broken.map(|component| format!("it breaks {component:?} of its covenant")))
}

/// The first component that does not hold, of all.
fn first_broken(view: &mut dyn View, operator: Address, terms: &Terms) -> Result<Option<Component>> {
    let row = OPERATORS.get(view, operator)?;
    if !keeps_delay(view, &row, terms) {
        return Ok(Some(Component::MinAllocationDelayBlocks));
    }
    if let Some(broken) = broken_by_sets(view, operator, terms)? {
        return Ok(Some(broken));
    }
    let strategies = strategies(view, operator, &row)?;
    let within = keeps_share(view, operator, strategies, terms)?;
    Ok((!within).then_some(Component::MaxSlashableWad))
}

/// Lets only terms pass that an operator keeps already.
///
/// # Errors
/// `CovenantViolation`.
pub(super) fn require_kept(host: &mut dyn Host, operator: Address, terms: &Terms) -> Result<()> {
    match first_broken(host, operator, terms)? {
        Some(component) => violation(component),
        None => Ok(()),
    }
}

fn violation(component: Component) -> Result<()> {
    require(false, CovenantViolation { component })
}

/// After an operator with a covenant has changed allocations in `strategies`.
///
/// # Errors
/// `CovenantViolation`.
pub(crate) fn require_allocations(
    host: &mut dyn Host,
    operator: Address,
    strategies: BTreeSet<Address>,
) -> Result<()> {
    let terms = covenant_of(host, operator)?.inForce;
    if let Some(broken) = broken_by_sets(host, operator, &terms)? {
        return violation(broken);
    }
    let within = keeps_share(host, operator, strategies, &terms)?;
    require(within, CovenantViolation { component: Component::MaxSlashableWad })
}

/// After an operator with a covenant has joined sets.
///
/// # Errors
/// `CovenantViolation`.
pub(crate) fn require_registration(host: &mut dyn Host, operator: Address) -> Result<()> {
    let terms = covenant_of(host, operator)?.inForce;
    match broken_by_sets(host, operator, &terms)? {
        Some(component) => violation(component),
        None => Ok(()),
    }
}

/// After an operator with a covenant has asked for another allocation delay.
///
/// # Errors
/// `CovenantViolation`.
pub(crate) fn require_delay(host: &mut dyn Host, operator: Address) -> Result<()> {
    let terms = covenant_of(host, operator)?.inForce;
    let row = OPERATORS.get(host, operator)?;
    let keeps = keeps_delay(host, &row, &terms);
    require(keeps, CovenantViolation { component: Component::MinAllocationDelayBlocks })
}

/// The delay in force, and the one that is to come.
fn keeps_delay<V: View + ?Sized>(view: &V, row: &OperatorRow, terms: &Terms) -> bool {
    let least = terms.minAllocationDelayBlocks;
    let current = row.at(now(view));
    let waits = now(view) < row.effect_block;
    (!current.is_set || current.delay >= least) && (!waits || row.pending_delay >= least)
}

/// Services, by number, by name and by what they may do with what they slash. Counted are those that the operator is
/// registered with and those that have anything allocated: no other can ever slash before the operator acts again.
fn broken_by_sets(view: &mut dyn View, operator: Address, terms: &Terms) -> Result<Option<Component>> {
    let OperatorRow { registered_sets, allocated_sets, .. } = OPERATORS.get(view, operator)?;
    let registered = items(view, &REGISTERED_SETS, |index| (operator, index), registered_sets)?;
    let allocated = items(view, &ALLOCATED_SETS, |index| (operator, index), allocated_sets)?;
    let sets: BTreeSet<B256> = registered.into_iter().chain(allocated).collect();
    let services: BTreeSet<Address> = sets.iter().map(|set| operator_set::parts(*set).0).collect();
    if services.len() > usize::from(terms.maxServices) {
        return Ok(Some(Component::MaxServices));
    }
    if !terms.services.is_empty() && services.iter().any(|service| !terms.services.contains(service)) {
        return Ok(Some(Component::Services));
    }
    if !terms.allowRedistribution {
        for set in sets {
            if SETS.get(view, set)?.redistributes {
                return Ok(Some(Component::AllowRedistribution));
            }
        }
    }
    Ok(None)
}

/// Whether allocations hold no more than the terms' share of the max magnitude: `encumbered · W ≤ share · max`. What
/// allocations hold is what all sets have, current and pending, and what waits to be deallocated.
fn keeps_share(
    view: &mut dyn View,
    operator: Address,
    strategies: BTreeSet<Address>,
    terms: &Terms,
) -> Result<bool> {
    let share = U256::from(terms.maxSlashableWad);
    for strategy in strategies {
        let (encumbered, max) = magnitudes(view, operator, strategy)?;
        // Both products are below 2^128.
        let (held, most) =
            (U256::from(encumbered).wrapping_mul(WAD_U256), share.wrapping_mul(U256::from(max)));
        if held > most {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The strategies in which an operator has anything allocated.
fn strategies(view: &mut dyn View, operator: Address, row: &OperatorRow) -> Result<BTreeSet<Address>> {
    let mut found = BTreeSet::new();
    for set in items(view, &ALLOCATED_SETS, |index| (operator, index), row.allocated_sets)? {
        let length = MEMBERSHIPS.get(view, (operator, set))?.strategies;
        found.extend(items(view, &ALLOCATED_STRATEGIES, |index| (operator, set, index), length)?);
    }
    Ok(found)
}
