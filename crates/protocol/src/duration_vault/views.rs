//! What a vault tells of itself.

use super::{ADMIN, ARBITRATOR, METADATA, METADATA_KEY, Phase, set_of};
use crate::{
    dispatch::{Calldata, static_call, view},
    host::{Host, Result, View},
    strategy_base::limits,
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use types::{
    abi::{
        IAllocationManager::isMemberOfOperatorSetCall,
        IDurationVaultStrategy::{
            allocationManagerCall, allocationsActiveCall, arbitratorCall, delegationManagerCall,
            depositsOpenCall, durationCall, explanationCall, getTVLLimitsCall, isLockedCall, isMaturedCall,
            lockedAtCall, maturedAtCall, maxPerDepositCall, maxTotalDepositsCall, metadataURICall,
            operatorIntegrationConfiguredCall, operatorSetInfoCall, operatorSetRegisteredCall,
            rewardsCoordinatorCall, stakeCapCall, stateCall, strategyFactoryCall, unlockAtCall,
            unlockTimestampCall, vaultAdminCall, withdrawalsOpenCall,
        },
    },
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, REWARDS_COORDINATOR, STRATEGY_FACTORY},
};

const EXPLANATION: &str = "Duration-bound vault strategy with configurable deposit caps and lock periods";

/// Runs the call if it is one of the vault's own views.
pub(super) fn all(host: &mut dyn Host, calldata: Calldata<'_>) -> Option<Result<Bytes>> {
    let data = calldata;
    Some(match calldata.selector {
        stateCall::SELECTOR => view(host, data, |view, _: stateCall| Ok(phase(view)?.number())),
        depositsOpenCall::SELECTOR => {
            view(host, data, |view, _: depositsOpenCall| Ok(phase(view)? == Phase::Deposits))
        }
        isLockedCall::SELECTOR => {
            view(host, data, |view, _: isLockedCall| Ok(phase(view)? != Phase::Deposits))
        }
        allocationsActiveCall::SELECTOR => {
            view(host, data, |view, _: allocationsActiveCall| Ok(phase(view)? == Phase::Allocations))
        }
        withdrawalsOpenCall::SELECTOR => {
            view(host, data, |view, _: withdrawalsOpenCall| Ok(phase(view)? != Phase::Allocations))
        }
        isMaturedCall::SELECTOR => {
            view(host, data, |view, _: isMaturedCall| Ok(phase(view)? == Phase::Withdrawals))
        }
        vaultAdminCall::SELECTOR => view(host, data, |view, _: vaultAdminCall| Ok(ADMIN.get(view)?.admin)),
        arbitratorCall::SELECTOR => {
            view(host, data, |view, _: arbitratorCall| Ok(ARBITRATOR.get(view)?.arbitrator))
        }
        durationCall::SELECTOR => {
            view(host, data, |view, _: durationCall| Ok(ADMIN.get(view)?.duration_secs))
        }
        lockedAtCall::SELECTOR => view(host, data, |view, _: lockedAtCall| Ok(ADMIN.get(view)?.locked_at)),
        unlockAtCall::SELECTOR => view(host, data, |view, _: unlockAtCall| Ok(ADMIN.get(view)?.unlock_at)),
        unlockTimestampCall::SELECTOR => {
            view(host, data, |view, _: unlockTimestampCall| Ok(ADMIN.get(view)?.unlock_at))
        }
        maturedAtCall::SELECTOR => {
            view(host, data, |view, _: maturedAtCall| Ok(ARBITRATOR.get(view)?.matured_at))
        }
        metadataURICall::SELECTOR => view(host, data, |view, _: metadataURICall| {
            let uri = METADATA.get(view, METADATA_KEY)?;
            Ok(String::from_utf8_lossy(&uri).into_owned())
        }),
        _ => return limits_and_set(host, data).or_else(|| constants(host, data)),
    })
}

fn limits_and_set(host: &mut dyn Host, data: Calldata<'_>) -> Option<Result<Bytes>> {
    Some(match data.selector {
        getTVLLimitsCall::SELECTOR => view(host, data, |view, _: getTVLLimitsCall| limits::both(view)),
        maxPerDepositCall::SELECTOR => {
            view(host, data, |view, _: maxPerDepositCall| Ok(limits::both(view)?.0))
        }
        maxTotalDepositsCall::SELECTOR => {
            view(host, data, |view, _: maxTotalDepositsCall| Ok(limits::both(view)?.1))
        }
        stakeCapCall::SELECTOR => view(host, data, |view, _: stakeCapCall| Ok(limits::both(view)?.1)),
        operatorSetInfoCall::SELECTOR => view(host, data, |view, _: operatorSetInfoCall| {
            let set = set_of(view)?;
            Ok((set.avs, set.id))
        }),
        operatorSetRegisteredCall::SELECTOR => view(host, data, |view, _: operatorSetRegisteredCall| {
            let (operator, set) = (view.msg().this, set_of(view)?);
            static_call(view, ALLOCATION_MANAGER, &isMemberOfOperatorSetCall { operator, operatorSet: set })
        }),
        _ => return None,
    })
}

fn constants(host: &mut dyn Host, data: Calldata<'_>) -> Option<Result<Bytes>> {
    Some(match data.selector {
        operatorIntegrationConfiguredCall::SELECTOR => {
            view(host, data, |_, _: operatorIntegrationConfiguredCall| Ok(true))
        }
        allocationManagerCall::SELECTOR => {
            view(host, data, |_, _: allocationManagerCall| Ok(ALLOCATION_MANAGER))
        }
        delegationManagerCall::SELECTOR => {
            view(host, data, |_, _: delegationManagerCall| Ok(DELEGATION_MANAGER))
        }
        rewardsCoordinatorCall::SELECTOR => {
            view(host, data, |_, _: rewardsCoordinatorCall| Ok(REWARDS_COORDINATOR))
        }
        strategyFactoryCall::SELECTOR => view(host, data, |_, _: strategyFactoryCall| Ok(STRATEGY_FACTORY)),
        explanationCall::SELECTOR => view(host, data, |_, _: explanationCall| Ok(EXPLANATION.to_owned())),
        _ => return None,
    })
}

fn phase<V: View + ?Sized>(view: &mut V) -> Result<Phase> {
    Ok(ARBITRATOR.get(view)?.phase)
}
