//! AllocationManager and its view part: services' operator sets, who is registered for them, what of an operator's
//! magnitude they can slash, and slashing (restaking-core §2.4, §5). An operator's magnitudes lie in the shared
//! [`crate::ledger`]; all else in rows of its own (`rows`).

mod allocations;
mod delays;
mod dispatch;
pub(crate) mod queue;
mod registration;
pub(crate) mod rows;
mod sets;
pub(crate) mod slashers;
mod slashing;
mod views;

#[cfg(test)]
mod tests;

pub use delays::set_allocation_delay;
pub use dispatch::main;
pub(crate) use registration::force_out;
pub use sets::redistribution_recipient;
#[cfg(test)]
pub(crate) use slashing::lower_max_magnitude;
pub(crate) use slashing::{Cut, preview as preview_slash};
pub use views::is_operator_slashable;
pub(crate) use views::{magnitudes, minimum_slashable_stake};

use crate::{
    first_release,
    history::now,
    host::{Host, Result, View, require},
    math::panic,
    operator_set,
    permission_controller::sender_can_act_for,
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::PanicKind;
use rows::{SETS, SetRow};
use types::{
    Params,
    abi::IAllocationManager::{InvalidOperatorSet, InvalidPermissions, OperatorSet},
    params::Roles,
};

/// Pause bit: changes of allocations, and the deallocation queue.
const PAUSED_MODIFY_ALLOCATIONS: u8 = 0;
/// Pause bit: slashing.
const PAUSED_OPERATOR_SLASHING: u8 = 1;
/// Pause bit: joining and leaving of operator sets.
const PAUSED_REGISTRATION: u8 = 2;

/// The storage that a genesis state gives it.
pub fn genesis(params: &Params, roles: &Roles) -> Vec<(U256, U256)> {
    first_release::genesis(params, roles, &rows::OWNER)
}

fn key(set: &OperatorSet) -> B256 {
    operator_set::key(set.avs, set.id)
}

fn set_of(key: B256) -> OperatorSet {
    let (avs, id) = operator_set::parts(key);
    OperatorSet { avs, id }
}

fn require_permission(host: &mut dyn Host, account: Address) -> Result<()> {
    let may = sender_can_act_for(host, account)?;
    require(may, InvalidPermissions {})
}

/// The row of a set that exists.
///
/// # Errors
/// `InvalidOperatorSet`.
pub(crate) fn existing<V: View + ?Sized>(view: &mut V, set: B256) -> Result<SetRow> {
    let row = SETS.get(view, set)?;
    require(row.exists, InvalidOperatorSet {})?;
    Ok(row)
}

/// The block that is `delay` blocks from now, in 32 bits as all blocks here.
///
/// # Errors
/// `Panic(0x11)`.
fn after(host: &dyn Host, delay: u32) -> Result<u32> {
    now(host).checked_add(delay).ok_or_else(|| panic(PanicKind::UnderOverflow))
}

/// The first block after a delay has passed in full.
///
/// # Errors
/// `Panic(0x11)`.
fn past(host: &dyn Host, delay: u32) -> Result<u32> {
    after(host, delay)?.checked_add(1).ok_or_else(|| panic(PanicKind::UnderOverflow))
}
