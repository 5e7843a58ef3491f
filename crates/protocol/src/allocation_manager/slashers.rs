//! Who may slash for an operator set: one address a set, replaced after a delay (restaking-core §5.6).

use super::{
    existing, key, past, require_permission,
    rows::{PENDING_SLASHERS, PendingSlasher, SETS, SetRow},
};
use crate::{
    history::now,
    host::{Host, Result, View, call_native, emit, require},
    permission_controller,
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use types::{
    abi::{
        IAllocationManager::{
            InputAddressZero, OperatorSet, SlasherMigrated, SlasherNotSet, SlasherUpdated,
            migrateSlashersCall, slashOperatorCall, updateSlasherCall,
        },
        IPermissionController::getAppointeesCall,
    },
    addresses::PERMISSION_CONTROLLER,
};

/// Who may slash for a set now; zero if nobody.
///
/// # Errors
/// Out of gas, or the node's.
pub(crate) fn slasher<V: View + ?Sized>(view: &mut V, set: B256, row: &SetRow) -> Result<Address> {
    let now = now(view);
    let pending = pending(view, set, row)?;
    Ok(pending.filter(|pending| now >= pending.effect_block).map_or(row.slasher, |pending| pending.slasher))
}

/// The last slasher that was proposed, due or not, unless it already is in the set's row.
///
/// # Errors
/// Out of gas, or the node's.
pub(crate) fn pending<V: View + ?Sized>(
    view: &mut V,
    set: B256,
    row: &SetRow,
) -> Result<Option<PendingSlasher>> {
    if row.has_pending_slasher { Ok(Some(PENDING_SLASHERS.get(view, set)?)) } else { Ok(None) }
}

/// Proposes another slasher, who takes over after the configuration delay. Proposing the one that waits changes
/// nothing, not even its clock.
///
/// # Errors
/// `InvalidPermissions`, `InvalidOperatorSet`, `SlasherNotSet`, `InputAddressZero`, `Panic(0x11)`.
pub(super) fn update_slasher(host: &mut dyn Host, call: updateSlasherCall) -> Result<()> {
    let updateSlasherCall { operatorSet: set, slasher: proposed } = call;
    require_permission(host, set.avs)?;
    let name = key(&set);
    let mut row = existing(host, name)?;
    let acting = slasher(host, name, &row)?;
    require(!acting.is_zero(), SlasherNotSet {})?;
    require(!proposed.is_zero(), InputAddressZero {})?;
    let waiting = pending(host, name, &row)?.filter(|pending| now(host) < pending.effect_block);
    if waiting.is_some_and(|pending| pending.slasher == proposed) {
        return Ok(());
    }
    let effect_block = past(host, host.params().configuration_delay_blocks)?;
    PENDING_SLASHERS.set(host, name, PendingSlasher { slasher: proposed, effect_block })?;
    if row.slasher != acting || !row.has_pending_slasher {
        (row.slasher, row.has_pending_slasher) = (acting, true);
        SETS.set(host, name, row)?;
    }
    emit(host, &SlasherUpdated { operatorSet: set, slasher: proposed, effectBlock: effect_block })
}

/// Makes `slasher` the slasher of a set that has none, at once, and writes the set's row.
///
/// # Errors
/// `InputAddressZero`.
pub(super) fn appoint(host: &mut dyn Host, set: OperatorSet, row: SetRow, slasher: Address) -> Result<()> {
    require(!slasher.is_zero(), InputAddressZero {})?;
    let row = SetRow { slasher, has_pending_slasher: false, ..row };
    SETS.set(host, key(&set), row)?;
    let now = now(host);
    emit(host, &SlasherUpdated { operatorSet: set, slasher, effectBlock: now })
}

/// Gives sets of the slashing release a slasher: the first who was permitted to slash, or the service. Sets that do
/// not exist or have a slasher are passed over.
///
/// # Errors
/// Out of gas, a static frame, or the node's.
pub(super) fn migrate_slashers(host: &mut dyn Host, call: migrateSlashersCall) -> Result<()> {
    for set in call.operatorSets {
        let name = key(&set);
        let row = SETS.get(host, name)?;
        if !row.exists || !slasher(host, name, &row)?.is_zero() {
            continue;
        }
        let slasher = first_appointee(host, set.avs)?.unwrap_or(set.avs);
        appoint(host, set.clone(), row, slasher)?;
        emit(host, &SlasherMigrated { operatorSet: set, slasher })?;
    }
    Ok(())
}

fn first_appointee(host: &mut dyn Host, avs: Address) -> Result<Option<Address>> {
    let target = host.msg().this;
    let call = getAppointeesCall { account: avs, target, selector: slashOperatorCall::SELECTOR.into() };
    let appointees = call_native(host, PERMISSION_CONTROLLER, call, |host, call| {
        permission_controller::appointees(host, call)
    })?;
    Ok(appointees.first().copied().filter(|first| !first.is_zero()))
}
