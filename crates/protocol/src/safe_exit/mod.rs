//! SafeExit: an operator leaves a set although the service's registrar fails, after a grace in which the service can act
//! (restaking-core E5), and a key comes back to its operator, and to nobody else, once nothing it signed can be
//! slashed any more (E6, `decisions.md` 53).

mod dispatch;
#[cfg(test)]
mod tests;

pub use dispatch::main;

use crate::{
    allocation_manager::{force_out, rows::MEMBERSHIPS},
    guard::non_reentrant,
    history::now,
    host::{Host, Result, View, call_native, emit, require},
    key_registrar,
    math::panic,
    operator_set,
    pausable::require_running,
    permission_controller::sender_can_act_for,
    storage::{Map, Slot},
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::PanicKind;
use types::{
    abi::{
        IAllocationManager::{DeregisterParams, deregisterFromOperatorSetsCall},
        IKeyRegistrar::{self, deregisterKeyCall},
        ISafeExit::{
            ExitAlreadyRequested, ExitCancelled, ExitForced, ExitNotRequested, ExitRequested,
            GraceNotElapsed, InvalidPermissions, KeyNotReleasable, KeyReleased, NotMemberOfSet, OperatorSet,
            RegistrarFailed, cancelExitCall, exitOfCall, exitOfReturn, forceExitCall, releaseKeyCall,
            requestExitCall,
        },
    },
    addresses::{ALLOCATION_MANAGER, KEY_REGISTRAR},
};

/// Gas of the registrar that is told of a forced exit. It gets all of it, or the exit does not happen.
pub const REGISTRAR_GAS: u64 = 500_000;
/// Bytes of a registrar's failure that are logged: enough for an error with its arguments.
const REASON_BYTES: usize = 256;

/// Pause bit: requests and forced exits.
const PAUSED_EXITS: u8 = 0;
/// Pause bit: releases of keys.
const PAUSED_KEYS: u8 = 1;

const PAUSED: Slot<U256> = Slot::at(0);
/// (operator, set) → the first block in which the exit can be forced. Holds while the member's row says so.
const FORCEABLE: Map<(Address, B256), u64> = Map::at(1);

fn name(set: &OperatorSet) -> B256 {
    operator_set::key(set.avs, set.id)
}

/// Starts the grace of an operator's exit from a set. Leaving in any way ends the request.
///
/// # Errors
/// `CurrentlyPaused`, `InvalidPermissions`, `NotMemberOfSet`, `ExitAlreadyRequested`, `Panic(0x11)`.
fn request_exit(host: &mut dyn Host, call: requestExitCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_EXITS)?;
    let requestExitCall { operator, operatorSet: set } = call;
    require_permission(host, operator)?;
    let key = (operator, name(&set));
    let mut member = MEMBERSHIPS.get(host, key)?;
    require(member.registered, NotMemberOfSet {})?;
    require(!member.exit_requested, ExitAlreadyRequested {})?;
    let forceable = past_grace(host, now(host))?;
    member.exit_requested = true;
    MEMBERSHIPS.set(host, key, member)?;
    FORCEABLE.set(host, key, forceable.into())?;
    emit(host, &ExitRequested { operator, operatorSet: set, forceableBlock: forceable })
}

/// The first block after a grace that begins in `block`.
fn past_grace<V: View + ?Sized>(view: &V, block: u32) -> Result<u32> {
    let grace = view.params().exit_grace_blocks;
    let end = block.checked_add(grace).and_then(|end| end.checked_add(1));
    end.ok_or_else(|| panic(PanicKind::UnderOverflow))
}

/// Takes a request back.
///
/// # Errors
/// `InvalidPermissions`, `ExitNotRequested`.
fn cancel_exit(host: &mut dyn Host, call: cancelExitCall) -> Result<()> {
    let cancelExitCall { operator, operatorSet: set } = call;
    require_permission(host, operator)?;
    let key = (operator, name(&set));
    let mut member = MEMBERSHIPS.get(host, key)?;
    require(member.exit_requested, ExitNotRequested {})?;
    member.exit_requested = false;
    MEMBERSHIPS.set(host, key, member)?;
    FORCEABLE.set(host, key, 0)?;
    emit(host, &ExitCancelled { operator, operatorSet: set })
}

/// Takes an operator out of a set after the grace: the core's state first, then the registrar is told, whose failure is
/// logged and changes nothing. The operator can be slashed for the deallocation delay yet, as after any exit.
///
/// # Errors
/// `CurrentlyPaused` (also AllocationManager's, for registration), `ReentrancyGuard: reentrant call`,
/// `InvalidPermissions`, `ExitNotRequested`, `GraceNotElapsed`; out of gas where the registrar's is not there.
fn force_exit(host: &mut dyn Host, call: forceExitCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_EXITS)?;
    let forceExitCall { operator, operatorSet: set } = call;
    require_permission(host, operator)?;
    non_reentrant(host, |host| leave(host, operator, set))
}

fn leave(host: &mut dyn Host, operator: Address, set: OperatorSet) -> Result<()> {
    let key = (operator, name(&set));
    let (requested, forceable) = request_of(host, key)?;
    require(requested, ExitNotRequested {})?;
    require(now(host) >= forceable, GraceNotElapsed { forceableBlock: forceable })?;
    FORCEABLE.set(host, key, 0)?;
    let params = DeregisterParams { operator, avs: set.avs, operatorSetIds: vec![set.id] };
    let call = deregisterFromOperatorSetsCall { params };
    let mut failure = None;
    call_native(host, ALLOCATION_MANAGER, call, |host, call| {
        failure = force_out(host, call, REGISTRAR_GAS)?;
        Ok(())
    })?;
    emit(host, &ExitForced { operator, operatorSet: set.clone() })?;
    if let Some((registrar, reason)) = failure {
        let logged = reason.slice(..reason.len().min(REASON_BYTES));
        emit(host, &RegistrarFailed { operator, operatorSet: set, registrar, reason: logged })?;
    }
    Ok(())
}

fn request_of<V: View + ?Sized>(view: &mut V, key: (Address, B256)) -> Result<(bool, u32)> {
    if !MEMBERSHIPS.get(view, key)?.exit_requested {
        return Ok((false, 0));
    }
    Ok((true, FORCEABLE.get(view, key)? as u32))
}

/// Whether an exit waits, and the first block in which it can be forced.
fn exit_of(view: &mut dyn View, call: exitOfCall) -> Result<exitOfReturn> {
    let (requested, forceable) = request_of(view, (call.operator, name(&call.operatorSet)))?;
    Ok(exitOfReturn { requested, forceableBlock: forceable })
}

/// Deregisters an operator's key in a set that it has left, after the slashable window and a grace, and lets the same
/// operator register it again, there or elsewhere. This takes the place of KeyRegistrar's `deregisterKey`: a key that
/// went that way is not known to be free any more.
///
/// # Errors
/// `CurrentlyPaused`, `InvalidPermissions`, `KeyNotReleasable` (block 0 while the operator is registered),
/// KeyRegistrar's.
fn release_key(host: &mut dyn Host, call: releaseKeyCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_KEYS)?;
    let releaseKeyCall { operator, operatorSet: set } = call;
    require_permission(host, operator)?;
    let member = MEMBERSHIPS.get(host, (operator, name(&set)))?;
    require(!member.registered, KeyNotReleasable { releasableBlock: 0 })?;
    let releasable = past_grace(host, member.slashable_until)?;
    require(now(host) >= releasable, KeyNotReleasable { releasableBlock: releasable })?;
    let of_keys = IKeyRegistrar::OperatorSet { avs: set.avs, id: set.id };
    let call = deregisterKeyCall { operator, operatorSet: of_keys };
    let mut hash = B256::ZERO;
    call_native(host, KEY_REGISTRAR, call, |host, call| {
        hash = key_registrar::release(host, call)?;
        Ok(())
    })?;
    emit(host, &KeyReleased { operator, operatorSet: set, keyHash: hash })
}

fn require_permission(host: &mut dyn Host, account: Address) -> Result<()> {
    let may = sender_can_act_for(host, account)?;
    require(may, InvalidPermissions {})
}
