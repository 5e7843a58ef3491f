//! Covenants: an operator promises limits to what services can do to its stake; a staker with a policy delegates only
//! where they are promised (restaking-core E3, `decisions.md` 43, 44). Tighter terms hold at once, looser ones after a
//! notice in which every delegator can leave. Nobody else's verbs change: whoever never comes here never pays.

mod check;
mod dispatch;
mod terms;
#[cfg(test)]
mod tests;

pub use check::flaw;
pub(crate) use check::{require_allocations, require_delay, require_registration};
pub use dispatch::main;

use crate::{
    allocation_manager::rows::OPERATORS,
    delegation_manager,
    history::now,
    host::{Host, Result, View, emit, require, revert},
    ledger::STAKERS,
    math::panic,
    pausable::require_running,
    permission_controller::sender_can_act_for,
    storage::Slot,
};
use alloy_primitives::{Address, U256};
use alloy_sol_types::PanicKind;
use terms::{Shelf, implies as terms_imply, meet, require_valid, unlimited};
use types::{
    abi::{
        ICovenants::{
            Covenant, CovenantSet, CovenantTooLoose, InvalidOperator, InvalidPermissions, NoCommonService,
            PolicySet, Terms, setCovenantCall, setPolicyCall,
        },
        IDelegationManager::isOperatorCall,
    },
    addresses::COVENANTS as HOME,
};

/// Pause bit: new covenants. What is promised holds on.
const PAUSED_COVENANTS: u8 = 0;
/// Pause bit: new policies. What is demanded holds on.
const PAUSED_POLICIES: u8 = 1;

const PAUSED: Slot<U256> = Slot::on(HOME, 0);
const IN_FORCE: Shelf = Shelf::on(HOME, [1, 2]);
/// Looser terms that wait, or that have been in force since their effect block.
const NEXT: Shelf = Shelf::on(HOME, [3, 4]);
const POLICIES: Shelf = Shelf::on(HOME, [5, 6]);

/// Replaces an operator's covenant. What is tighter holds at once, if the operator keeps it already; what is looser
/// waits for the notice. Each call replaces what waited and starts the clock anew.
///
/// # Errors
/// `CurrentlyPaused`, `InvalidPermissions`, `InvalidOperator`, `InvalidMaxSlashableWad`, `TooManyServices`,
/// `ServicesMustBeInAscendingOrder`, `NoCommonService`, `CovenantViolation`, `Panic(0x11)`.
fn set_covenant(host: &mut dyn Host, call: setCovenantCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_COVENANTS)?;
    let setCovenantCall { operator, terms } = call;
    require_permission(host, operator)?;
    let is_operator = delegation_manager::is_operator(host, isOperatorCall { operator })?;
    require(is_operator, InvalidOperator {})?;
    require_valid(&terms)?;
    let Covenant { inForce: before, .. } = covenant_of(host, operator)?;
    let Some(at_once) = meet(&before, &terms) else { return revert(NoCommonService {}) };
    check::require_kept(host, operator, &at_once)?;
    let waits = at_once != terms;
    let effect_block = if waits { notice_end(host)? } else { now(host) };
    let is_promise = at_once != unlimited();
    IN_FORCE.set(host, operator, is_promise.then_some((&at_once, 0)))?;
    NEXT.set(host, operator, waits.then_some((&terms, effect_block)))?;
    let mut row = OPERATORS.get(host, operator)?;
    if row.has_covenant != is_promise {
        row.has_covenant = is_promise;
        OPERATORS.set(host, operator, row)?;
    }
    emit(host, &CovenantSet { operator, inForce: at_once, next: terms, effectBlock: effect_block })
}

fn notice_end(host: &dyn Host) -> Result<u32> {
    let notice = host.params().covenant_notice_blocks;
    now(host).checked_add(notice).ok_or_else(|| panic(PanicKind::UnderOverflow))
}

/// Replaces what a staker demands of whom it delegates to from now on; unlimited terms demand nothing. A delegation
/// that exists stays.
///
/// # Errors
/// `CurrentlyPaused`, `InvalidPermissions`, `InvalidMaxSlashableWad`, `TooManyServices`,
/// `ServicesMustBeInAscendingOrder`.
fn set_policy(host: &mut dyn Host, call: setPolicyCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_POLICIES)?;
    let setPolicyCall { staker, terms } = call;
    require_permission(host, staker)?;
    require_valid(&terms)?;
    let demands = terms != unlimited();
    POLICIES.set(host, staker, demands.then_some((&terms, 0)))?;
    let mut row = STAKERS.get(host, staker)?;
    if row.has_policy != demands {
        row.has_policy = demands;
        STAKERS.set(host, staker, row)?;
    }
    emit(host, &PolicySet { staker, terms })
}

fn require_permission(host: &mut dyn Host, account: Address) -> Result<()> {
    let may = sender_can_act_for(host, account)?;
    require(may, InvalidPermissions {})
}

/// What an operator has promised, now and next; unlimited terms for one that promised nothing.
///
/// # Errors
/// Out of gas, or the node's.
pub fn covenant_of<V: View + ?Sized>(view: &mut V, operator: Address) -> Result<Covenant> {
    let Some((in_force, _)) = IN_FORCE.get(view, operator)? else {
        return Ok(Covenant { exists: false, inForce: unlimited(), next: unlimited(), effectBlock: 0 });
    };
    let now = now(view);
    Ok(match NEXT.get(view, operator)? {
        Some((next, effect_block)) if now < effect_block => {
            Covenant { exists: true, inForce: in_force, next, effectBlock: effect_block }
        }
        Some((next, _)) => {
            Covenant { exists: next != unlimited(), inForce: next.clone(), next, effectBlock: 0 }
        }
        None => Covenant { exists: true, inForce: in_force.clone(), next: in_force, effectBlock: 0 },
    })
}

/// What a staker demands, if anything.
///
/// # Errors
/// Out of gas, or the node's.
pub fn policy_of<V: View + ?Sized>(view: &mut V, staker: Address) -> Result<Option<Terms>> {
    Ok(POLICIES.get(view, staker)?.map(|(terms, _)| terms))
}

/// Whether an operator promises what a staker demands, now and by what waits: who joins during a notice has not been
/// warned.
///
/// # Errors
/// Out of gas, or the node's.
pub fn implies<V: View + ?Sized>(view: &mut V, operator: Address, staker: Address) -> Result<bool> {
    let Some(policy) = policy_of(view, staker)? else { return Ok(true) };
    let Covenant { inForce: in_force, next, .. } = covenant_of(view, operator)?;
    Ok(terms_imply(&in_force, &policy) && terms_imply(&next, &policy))
}

/// Lets a staker with a policy delegate only where it is promised.
///
/// # Errors
/// `CovenantTooLoose`.
pub(crate) fn require_implied(host: &mut dyn Host, operator: Address, staker: Address) -> Result<()> {
    let promised = implies(host, operator, staker)?;
    require(promised, CovenantTooLoose {})
}
