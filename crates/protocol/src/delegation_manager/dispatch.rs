//! DelegationManager's ABI to its verbs.

use super::{OWNER, PAUSED, completing, delegation, operators, queueing, slashes, views};
use crate::{
    dispatch::{Calldata, already_initialized, view, write},
    first_release::{self, IFirstRelease},
    host::{Host, Result, revert_empty},
    pausable,
};
use alloy_primitives::{Address, Bytes};
use alloy_sol_types::SolCall;
use types::{
    abi::IDelegationManager::{
        DELEGATION_APPROVAL_TYPEHASHCall, allocationManagerCall, beaconChainETHStrategyCall,
        calculateDelegationApprovalDigestHashCall, calculateWithdrawalRootCall, completeQueuedWithdrawalCall,
        completeQueuedWithdrawalsCall, convertToDepositSharesCall, cumulativeWithdrawalsQueuedCall,
        decreaseDelegatedSharesCall, delegateToCall, delegatedToCall, delegationApproverCall,
        delegationApproverSaltIsSpentCall, depositScalingFactorCall, domainSeparatorCall,
        eigenPodManagerCall, getDepositedSharesCall, getOperatorSharesCall, getOperatorsSharesCall,
        getQueuedWithdrawalCall, getQueuedWithdrawalRootsCall, getQueuedWithdrawalsCall,
        getSlashableSharesInQueueCall, getWithdrawableSharesCall, increaseDelegatedSharesCall,
        initializeCall, isDelegatedCall, isOperatorCall, minWithdrawalDelayBlocksCall,
        modifyOperatorDetailsCall, operatorSharesCall, pendingWithdrawalsCall, permissionControllerCall,
        queueWithdrawalsCall, queuedWithdrawalsCall, redelegateCall, registerAsOperatorCall,
        slashOperatorSharesCall, strategyManagerCall, undelegateCall, updateOperatorMetadataURICall,
        versionCall,
    },
    addresses::{
        ALLOCATION_MANAGER, BEACON_STRATEGY, EIGEN_POD_MANAGER, PERMISSION_CONTROLLER, STRATEGY_MANAGER,
    },
};

/// The contract's entry.
///
/// # Errors
/// The verb's; an empty revert for an unknown selector.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        registerAsOperatorCall::SELECTOR => write(host, calldata, operators::register_as_operator),
        modifyOperatorDetailsCall::SELECTOR => write(host, calldata, operators::modify_operator_details),
        updateOperatorMetadataURICall::SELECTOR => {
            write(host, calldata, operators::update_operator_metadata_uri)
        }
        delegateToCall::SELECTOR => write(host, calldata, delegation::delegate_to),
        undelegateCall::SELECTOR => write(host, calldata, delegation::undelegate),
        redelegateCall::SELECTOR => write(host, calldata, delegation::redelegate),
        queueWithdrawalsCall::SELECTOR => write(host, calldata, queueing::queue_withdrawals),
        completeQueuedWithdrawalCall::SELECTOR => {
            write(host, calldata, completing::complete_queued_withdrawal)
        }
        completeQueuedWithdrawalsCall::SELECTOR => {
            write(host, calldata, completing::complete_queued_withdrawals)
        }
        increaseDelegatedSharesCall::SELECTOR => write(host, calldata, delegation::increase_delegated_shares),
        decreaseDelegatedSharesCall::SELECTOR => write(host, calldata, slashes::decrease_delegated_shares),
        _ => read(host, calldata)
            .or_else(|| pausable::verbs(host, calldata, &PAUSED))
            .or_else(|| constant(host, calldata))
            .or_else(|| slash(host, calldata))
            .or_else(|| first_release::verbs(host, calldata, Some(&OWNER)))
            .unwrap_or_else(revert_empty),
    }
}

/// Runs the call if it is how AllocationManager tells of a slash under the rules, or how such contracts began.
fn slash(host: &mut dyn Host, calldata: Calldata<'_>) -> Option<Result<Bytes>> {
    let is_first = first_release::is_in_force(host);
    Some(match calldata.selector {
        IFirstRelease::slashOperatorSharesCall::SELECTOR if is_first => {
            write(host, calldata, slashes::first_slash_operator_shares)
        }
        slashOperatorSharesCall::SELECTOR if !is_first => {
            write(host, calldata, slashes::slash_operator_shares)
        }
        initializeCall::SELECTOR if !is_first => write(host, calldata, already_initialized::<initializeCall>),
        _ => return None,
    })
}

/// Runs the call if it is one of the views of state.
fn read(host: &mut dyn Host, calldata: Calldata<'_>) -> Option<Result<Bytes>> {
    Some(match calldata.selector {
        delegatedToCall::SELECTOR => view(host, calldata, views::delegated_to),
        isDelegatedCall::SELECTOR => view(host, calldata, views::is_delegated),
        isOperatorCall::SELECTOR => view(host, calldata, |view, call| views::is_operator(view, call)),
        delegationApproverCall::SELECTOR => view(host, calldata, views::delegation_approver),
        delegationApproverSaltIsSpentCall::SELECTOR => view(host, calldata, views::is_salt_spent),
        cumulativeWithdrawalsQueuedCall::SELECTOR => view(host, calldata, views::withdrawals_queued),
        pendingWithdrawalsCall::SELECTOR => view(host, calldata, views::is_pending),
        operatorSharesCall::SELECTOR => view(host, calldata, views::operator_shares),
        getOperatorSharesCall::SELECTOR => view(host, calldata, views::operator_shares_in),
        getOperatorsSharesCall::SELECTOR => view(host, calldata, views::operators_shares),
        depositScalingFactorCall::SELECTOR => view(host, calldata, views::deposit_scaling_factor),
        getWithdrawableSharesCall::SELECTOR => view(host, calldata, views::withdrawable_shares),
        getDepositedSharesCall::SELECTOR => view(host, calldata, views::deposited_shares),
        convertToDepositSharesCall::SELECTOR => view(host, calldata, views::convert_to_deposit_shares),
        getSlashableSharesInQueueCall::SELECTOR => view(host, calldata, views::slashable_shares_in_queue),
        queuedWithdrawalsCall::SELECTOR => view(host, calldata, views::queued_withdrawal),
        getQueuedWithdrawalCall::SELECTOR => view(host, calldata, views::queued_withdrawal_and_shares),
        getQueuedWithdrawalsCall::SELECTOR => view(host, calldata, views::queued_withdrawals),
        getQueuedWithdrawalRootsCall::SELECTOR => view(host, calldata, views::queued_withdrawal_roots),
        calculateWithdrawalRootCall::SELECTOR => view(host, calldata, views::calculate_withdrawal_root),
        calculateDelegationApprovalDigestHashCall::SELECTOR => {
            view(host, calldata, |view, call| delegation::approval_digest(view, call))
        }
        domainSeparatorCall::SELECTOR => view(host, calldata, views::domain_separator),
        _ => return None,
    })
}

/// Runs the call if it asks for something that never changes on a chain.
fn constant(host: &mut dyn Host, calldata: Calldata<'_>) -> Option<Result<Bytes>> {
    Some(match calldata.selector {
        minWithdrawalDelayBlocksCall::SELECTOR => view(host, calldata, views::min_withdrawal_delay_blocks),
        DELEGATION_APPROVAL_TYPEHASHCall::SELECTOR => view(host, calldata, views::approval_typehash),
        versionCall::SELECTOR => view(host, calldata, views::version),
        beaconChainETHStrategyCall::SELECTOR => {
            address::<beaconChainETHStrategyCall>(host, calldata, BEACON_STRATEGY)
        }
        strategyManagerCall::SELECTOR => address::<strategyManagerCall>(host, calldata, STRATEGY_MANAGER),
        eigenPodManagerCall::SELECTOR => address::<eigenPodManagerCall>(host, calldata, EIGEN_POD_MANAGER),
        allocationManagerCall::SELECTOR => {
            address::<allocationManagerCall>(host, calldata, ALLOCATION_MANAGER)
        }
        permissionControllerCall::SELECTOR => {
            address::<permissionControllerCall>(host, calldata, PERMISSION_CONTROLLER)
        }
        _ => return None,
    })
}

fn address<C: SolCall<Return = Address>>(
    host: &mut dyn Host,
    calldata: Calldata<'_>,
    address: Address,
) -> Result<Bytes> {
    view(host, calldata, |_, _: C| Ok(address))
}
