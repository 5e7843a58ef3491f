//! A duration vault's ABI to its verbs.

use super::{lifecycle, views};
use crate::{
    dispatch::{Calldata, already_initialized, write},
    host::{Host, Result},
    strategy_base,
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::abi::{
    IDurationVaultStrategy::{
        advanceToWithdrawalsCall, initialize_0Call, lockCall, markMaturedCall, setRewardsClaimerCall,
        setTVLLimitsCall, updateDelegationApproverCall, updateMetadataURICall, updateOperatorMetadataURICall,
        updateTVLLimitsCall,
    },
    IStrategy::{beforeAddSharesCall, beforeRemoveSharesCall, depositCall},
};

/// The entry of a duration vault.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        depositCall::SELECTOR => write(host, calldata, strategy_base::deposit),
        beforeAddSharesCall::SELECTOR => write(host, calldata, super::before_add_shares),
        beforeRemoveSharesCall::SELECTOR => write(host, calldata, super::before_remove_shares),
        lockCall::SELECTOR => write(host, calldata, lifecycle::lock),
        markMaturedCall::SELECTOR => write(host, calldata, lifecycle::mark_matured),
        advanceToWithdrawalsCall::SELECTOR => write(host, calldata, lifecycle::advance_to_withdrawals),
        updateTVLLimitsCall::SELECTOR => write(host, calldata, super::update_tvl_limits),
        setTVLLimitsCall::SELECTOR => write(host, calldata, super::set_tvl_limits),
        updateMetadataURICall::SELECTOR => write(host, calldata, lifecycle::update_metadata_uri),
        updateDelegationApproverCall::SELECTOR => {
            write(host, calldata, lifecycle::update_delegation_approver)
        }
        updateOperatorMetadataURICall::SELECTOR => {
            write(host, calldata, lifecycle::update_operator_metadata_uri)
        }
        setRewardsClaimerCall::SELECTOR => write(host, calldata, lifecycle::set_rewards_claimer),
        initialize_0Call::SELECTOR => write(host, calldata, already_initialized::<initialize_0Call>),
        _ => match views::all(host, calldata) {
            Some(answer) => answer,
            None => strategy_base::shared_verbs(host, calldata),
        },
    }
}
