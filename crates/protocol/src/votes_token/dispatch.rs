//! The ABI that EIGEN and bEIGEN share to its verbs.

use super::{ALLOWANCES, BALANCES, OWNER, Token, checkpoints, restrictions, signed};
use crate::{
    dispatch::{Calldata, view, write},
    host::{Host, Result},
    ownable,
};
use alloy_primitives::{Bytes, U256, aliases::U48};
use alloy_sol_types::SolCall;
use types::abi::IVotesToken::{
    CLOCK_MODECall, DOMAIN_SEPARATORCall, allowanceCall, allowedFromCall, allowedToCall, approveCall,
    balanceOfCall, checkpointsCall, clockCall, decimalsCall, decreaseAllowanceCall, delegateBySigCall,
    delegateCall, delegatesCall, disableTransferRestrictionsCall, eip712DomainCall, getPastTotalSupplyCall,
    getPastVotesCall, getVotesCall, increaseAllowanceCall, nameCall, noncesCall, numCheckpointsCall,
    permitCall, setAllowedFromCall, setAllowedToCall, symbolCall, transferCall, transferFromCall,
    transferRestrictionsDisabledAfterCall,
};

/// Decimals of both tokens.
const DECIMALS: u8 = 18;

/// Runs the call if it is one of the shared verbs. `already_open` is what is said where transfers are open already.
pub fn verbs(
    host: &mut dyn Host,
    calldata: Calldata<'_>,
    token: &Token,
    already_open: &str,
) -> Option<Result<Bytes>> {
    Some(match calldata.selector {
        transferCall::SELECTOR => write(host, calldata, |host, call| super::transfer(host, token, call)),
        transferFromCall::SELECTOR => {
            write(host, calldata, |host, call| super::transfer_from(host, token, call))
        }
        approveCall::SELECTOR => write(host, calldata, super::approve),
        increaseAllowanceCall::SELECTOR => write(host, calldata, super::increase_allowance),
        decreaseAllowanceCall::SELECTOR => write(host, calldata, super::decrease_allowance),
        balanceOfCall::SELECTOR => {
            view(host, calldata, |view, call: balanceOfCall| Ok(BALANCES.get(view, call.account)?))
        }
        allowanceCall::SELECTOR => view(host, calldata, |view, call: allowanceCall| {
            Ok(ALLOWANCES.get(view, (call.owner, call.spender))?)
        }),
        nameCall::SELECTOR => view(host, calldata, |_, _: nameCall| Ok(token.name.to_owned())),
        symbolCall::SELECTOR => view(host, calldata, |_, _: symbolCall| Ok(token.symbol.to_owned())),
        decimalsCall::SELECTOR => view(host, calldata, |_, _: decimalsCall| Ok(DECIMALS)),
        setAllowedFromCall::SELECTOR => write(host, calldata, restrictions::set_allowed_from),
        setAllowedToCall::SELECTOR => write(host, calldata, restrictions::set_allowed_to),
        disableTransferRestrictionsCall::SELECTOR => {
            write(host, calldata, |host, call| restrictions::disable(host, already_open, call))
        }
        transferRestrictionsDisabledAfterCall::SELECTOR => {
            view(host, calldata, |view, _: transferRestrictionsDisabledAfterCall| {
                restrictions::closed_until(view)
            })
        }
        allowedFromCall::SELECTOR => view(host, calldata, restrictions::is_allowed_from),
        allowedToCall::SELECTOR => view(host, calldata, restrictions::is_allowed_to),
        _ => return voting(host, calldata, token).or_else(|| ownable::verbs(host, calldata, &OWNER)),
    })
}

fn voting(host: &mut dyn Host, calldata: Calldata<'_>, token: &Token) -> Option<Result<Bytes>> {
    Some(match calldata.selector {
        delegateCall::SELECTOR => write(host, calldata, |host, call: delegateCall| {
            let delegator = host.msg().sender;
            checkpoints::delegate(host, delegator, call.delegatee)
        }),
        delegateBySigCall::SELECTOR => {
            write(host, calldata, |host, call| signed::delegate_by_sig(host, token, call))
        }
        permitCall::SELECTOR => write(host, calldata, |host, call| signed::permit(host, token, call)),
        noncesCall::SELECTOR => view(host, calldata, signed::nonce),
        DOMAIN_SEPARATORCall::SELECTOR => {
            view(host, calldata, |view, _: DOMAIN_SEPARATORCall| signed::domain_separator(view, token))
        }
        eip712DomainCall::SELECTOR => view(host, calldata, |view, call| signed::domain(view, token, call)),
        delegatesCall::SELECTOR => view(host, calldata, checkpoints::delegate_of),
        getVotesCall::SELECTOR => view(host, calldata, checkpoints::votes),
        getPastVotesCall::SELECTOR => view(host, calldata, checkpoints::past_votes),
        getPastTotalSupplyCall::SELECTOR => view(host, calldata, checkpoints::past_supply),
        checkpointsCall::SELECTOR => view(host, calldata, checkpoints::checkpoint),
        numCheckpointsCall::SELECTOR => view(host, calldata, checkpoints::count),
        clockCall::SELECTOR => {
            view(host, calldata, |view, _: clockCall| Ok(U48::from_limbs([view.block().timestamp])))
        }
        CLOCK_MODECall::SELECTOR => {
            view(host, calldata, |_, _: CLOCK_MODECall| Ok("mode=timestamp".to_owned()))
        }
        _ => return None,
    })
}

/// The raw entries that let `account` send to all and receive from all while transfers are closed.
pub(crate) fn genesis_allowed(account: alloy_primitives::Address) -> [(U256, U256); 2] {
    restrictions::genesis_allowed(account)
}
