//! ProtocolRegistry's ABI to its verbs.

use super::roles;
use crate::{
    dispatch::{Calldata, already_initialized, view, write},
    host::{Host, Result, revert_empty},
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::abi::IProtocolRegistry::{
    DEFAULT_ADMIN_ROLECall, PAUSER_ROLECall, configureCall, getAddressCall, getAllDeploymentsCall,
    getDeploymentCall, getRoleAdminCall, getRoleMemberCall, getRoleMemberCountCall, grantRoleCall,
    hasRoleCall, initializeCall, majorVersionCall, pauseAllCall, renounceRoleCall, revokeRoleCall, shipCall,
    supportsInterfaceCall, totalDeploymentsCall, versionCall,
};

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        shipCall::SELECTOR => write(host, calldata, super::ship),
        configureCall::SELECTOR => write(host, calldata, super::configure),
        pauseAllCall::SELECTOR => write(host, calldata, super::pause_all),
        grantRoleCall::SELECTOR => write(host, calldata, roles::grant),
        revokeRoleCall::SELECTOR => write(host, calldata, roles::revoke),
        renounceRoleCall::SELECTOR => write(host, calldata, roles::renounce),
        initializeCall::SELECTOR => write(host, calldata, already_initialized::<initializeCall>),
        versionCall::SELECTOR => view(host, calldata, super::version),
        majorVersionCall::SELECTOR => view(host, calldata, super::major_version),
        getAddressCall::SELECTOR => view(host, calldata, super::address),
        getDeploymentCall::SELECTOR => view(host, calldata, super::deployment),
        getAllDeploymentsCall::SELECTOR => view(host, calldata, super::deployments),
        totalDeploymentsCall::SELECTOR => view(host, calldata, super::total),
        hasRoleCall::SELECTOR => view(host, calldata, roles::has),
        getRoleMemberCall::SELECTOR => view(host, calldata, roles::member),
        getRoleMemberCountCall::SELECTOR => view(host, calldata, roles::member_count),
        supportsInterfaceCall::SELECTOR => view(host, calldata, roles::supports_interface),
        getRoleAdminCall::SELECTOR => view(host, calldata, |_, _: getRoleAdminCall| Ok(roles::DEFAULT_ADMIN)),
        DEFAULT_ADMIN_ROLECall::SELECTOR => {
            view(host, calldata, |_, _: DEFAULT_ADMIN_ROLECall| Ok(roles::DEFAULT_ADMIN))
        }
        PAUSER_ROLECall::SELECTOR => view(host, calldata, |_, _: PAUSER_ROLECall| Ok(roles::PAUSER)),
        _ => revert_empty(),
    }
}
