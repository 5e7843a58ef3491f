//! OpenZeppelin's AccessControlEnumerable (4.9): roles with members in order, all given and taken by the admins.

use crate::{
    enumerable::EnumerableSets,
    host::{Host, Result, View, emit, revert_with},
    math::panic,
};
use alloy_primitives::{Address, B256, U256, b256};
use alloy_sol_types::PanicKind;
use types::{
    abi::IProtocolRegistry::{
        RoleGranted, RoleRevoked, getRoleMemberCall, getRoleMemberCountCall, grantRoleCall, hasRoleCall,
        renounceRoleCall, revokeRoleCall, supportsInterfaceCall,
    },
    params,
};

/// The role that gives and takes every role, its own too.
pub(super) const DEFAULT_ADMIN: B256 = B256::ZERO;
/// The role that may stop everything.
pub(super) const PAUSER: B256 = b256!("0x0100000000000000000000000000000000000000000000000000000000000000");

const MEMBERS: EnumerableSets<B256, Address> = EnumerableSets::at([6, 7, 8]);

/// EIP-165 itself, AccessControl, AccessControlEnumerable.
const INTERFACES: [[u8; 4]; 3] =
    [[0x01, 0xff, 0xc9, 0xa7], [0x79, 0x65, 0xdb, 0x0b], [0x5a, 0x05, 0x18, 0x0f]];

/// The members that a genesis state has.
pub(super) fn genesis(roles: &params::Roles) -> Vec<(U256, U256)> {
    let admins = MEMBERS.genesis(DEFAULT_ADMIN, &[roles.owner]);
    admins.into_iter().chain(MEMBERS.genesis(PAUSER, &roles.pausers)).collect()
}

/// Lets only members of a role pass.
///
/// # Errors
/// OpenZeppelin's string, with account and role.
pub(super) fn require_role(host: &mut dyn Host, role: B256) -> Result<()> {
    let account = host.msg().sender;
    if MEMBERS.contains(host, role, account)? {
        return Ok(());
    }
    revert_with(&format!("AccessControl: account {account:#x} is missing role {role:#x}"))
}

pub(super) fn grant(host: &mut dyn Host, call: grantRoleCall) -> Result<()> {
    require_role(host, DEFAULT_ADMIN)?;
    let grantRoleCall { role, account } = call;
    let sender = host.msg().sender;
    let is_new = MEMBERS.insert(host, role, account)?;
    if is_new { emit(host, &RoleGranted { role, account, sender }) } else { Ok(()) }
}

pub(super) fn revoke(host: &mut dyn Host, call: revokeRoleCall) -> Result<()> {
    require_role(host, DEFAULT_ADMIN)?;
    take(host, call.role, call.account)
}

pub(super) fn renounce(host: &mut dyn Host, call: renounceRoleCall) -> Result<()> {
    if call.account != host.msg().sender {
        return revert_with("AccessControl: can only renounce roles for self");
    }
    take(host, call.role, call.account)
}

fn take(host: &mut dyn Host, role: B256, account: Address) -> Result<()> {
    let sender = host.msg().sender;
    let was_member = MEMBERS.remove(host, role, account)?;
    if was_member { emit(host, &RoleRevoked { role, account, sender }) } else { Ok(()) }
}

pub(super) fn has(view: &mut dyn View, call: hasRoleCall) -> Result<bool> {
    Ok(MEMBERS.contains(view, call.role, call.account)?)
}

pub(super) fn member(view: &mut dyn View, call: getRoleMemberCall) -> Result<Address> {
    let index = u64::try_from(call.index).unwrap_or(u64::MAX);
    let member = MEMBERS.at_place(view, call.role, index)?;
    member.ok_or_else(|| panic(PanicKind::ArrayOutOfBounds))
}

pub(super) fn member_count(view: &mut dyn View, call: getRoleMemberCountCall) -> Result<U256> {
    Ok(U256::from(MEMBERS.len(view, call.role)?))
}

pub(super) fn supports_interface(_: &mut dyn View, call: supportsInterfaceCall) -> Result<bool> {
    Ok(INTERFACES.contains(&call.interfaceId.0))
}
