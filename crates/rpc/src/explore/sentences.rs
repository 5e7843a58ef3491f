//! A transaction in one sentence, from its outermost call: who does what to whom, with amounts in their tokens. The
//! doer is not in the sentence: lists show it beside. Unknown calls are told by name, or as bytes to an address.

use super::names;
use crate::{
    error::RpcError,
    restake::{
        ask::{Asker, Token},
        words::{amount, short},
    },
};
use alloy_primitives::{Address, TxKind, U256};
use alloy_sol_types::SolCall;
use types::abi::{IAllocationManager as A, ICovenants, IDelegationManager as D, ILossNotices, ITestToken};
use types::abi::{IERC20, IStrategyManager};

/// What a transaction does: `deposits 44 TEST`.
///
/// # Errors
/// The state cannot be read.
pub(super) fn of(asker: &mut Asker<'_>, to: TxKind, value: U256, input: &[u8]) -> Result<String, RpcError> {
    let ether = Token { address: None, symbol: "ETH".into(), decimals: 18 };
    let TxKind::Call(to) = to else { return Ok("creates a contract".into()) };
    if input.is_empty() {
        return Ok(format!("sends {} to {}", amount(value, &ether), whom(to)));
    }
    let known = match input.first_chunk::<4>() {
        Some(selector) => match tokens(asker, to, *selector, input)? {
            Some(said) => Some(said),
            None => delegation(*selector, input).or_else(|| services(*selector, input)),
        },
        None => None,
    };
    Ok(known.unwrap_or_else(|| match names::function(to, input) {
        Some(function) => format!("calls {} of {}", function, whom(to)),
        None => format!("sends {} bytes to {}", input.len(), whom(to)),
    }))
}

fn whom(address: Address) -> String {
    names::contract(address).map_or_else(|| short(address), str::to_owned)
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("one {what}") } else { format!("{count} {what}s") }
}

/// What moves tokens.
fn tokens(
    asker: &mut Asker<'_>,
    to: Address,
    selector: [u8; 4],
    input: &[u8],
) -> Result<Option<String>, RpcError> {
    Ok(match selector {
        IStrategyManager::depositIntoStrategyCall::SELECTOR => {
            let Ok(call) = IStrategyManager::depositIntoStrategyCall::abi_decode(input) else {
                return Ok(None);
            };
            let token = asker.token(call.strategy)?;
            Some(format!("deposits {}", amount(call.amount, &token)))
        }
        IERC20::transferCall::SELECTOR => {
            let Ok(call) = IERC20::transferCall::abi_decode(input) else { return Ok(None) };
            Some(format!("sends {} to {}", amount(call.value, &asker.token_at(to)?), whom(call.to)))
        }
        IERC20::approveCall::SELECTOR => {
            let Ok(call) = IERC20::approveCall::abi_decode(input) else { return Ok(None) };
            let token = asker.token_at(to)?;
            let said = match call.value {
                U256::MAX => format!("any amount of {}", token.symbol),
                value => amount(value, &token),
            };
            Some(format!("lets {} take {said}", whom(call.spender)))
        }
        ITestToken::mintCall::SELECTOR => {
            let Ok(call) = ITestToken::mintCall::abi_decode(input) else { return Ok(None) };
            Some(format!("mints {} for {}", amount(call.value, &asker.token_at(to)?), whom(call.to)))
        }
        _ => None,
    })
}

/// What stakers and operators do.
fn delegation(selector: [u8; 4], input: &[u8]) -> Option<String> {
    Some(match selector {
        D::delegateToCall::SELECTOR => {
            format!("delegates to {}", short(D::delegateToCall::abi_decode(input).ok()?.operator))
        }
        D::redelegateCall::SELECTOR => {
            format!("moves to operator {}", short(D::redelegateCall::abi_decode(input).ok()?.newOperator))
        }
        D::undelegateCall::SELECTOR => {
            format!("ends the delegation of {}", short(D::undelegateCall::abi_decode(input).ok()?.staker))
        }
        D::queueWithdrawalsCall::SELECTOR => {
            let count = D::queueWithdrawalsCall::abi_decode(input).ok()?.params.len();
            format!("queues {}", plural(count, "withdrawal"))
        }
        D::completeQueuedWithdrawalCall::SELECTOR => {
            let tokens = D::completeQueuedWithdrawalCall::abi_decode(input).ok()?.receiveAsTokens;
            format!("completes a withdrawal as {}", if tokens { "tokens" } else { "shares" })
        }
        D::completeQueuedWithdrawalsCall::SELECTOR => {
            let count = D::completeQueuedWithdrawalsCall::abi_decode(input).ok()?.withdrawals.len();
            format!("completes {}", plural(count, "withdrawal"))
        }
        D::registerAsOperatorCall::SELECTOR => {
            let delay = D::registerAsOperatorCall::abi_decode(input).ok()?.allocationDelay;
            format!("registers as operator, with an allocation delay of {}", plural(delay as usize, "block"))
        }
        ICovenants::setCovenantCall::SELECTOR => "sets its covenant".into(),
        ICovenants::setPolicyCall::SELECTOR => "sets what it demands of operators".into(),
        ILossNotices::noticeCall::SELECTOR => {
            let call = ILossNotices::noticeCall::abi_decode(input).ok()?;
            format!("writes the loss of {} to the log", short(call.staker))
        }
        _ => return None,
    })
}

/// What services do, and what operators do with them.
fn services(selector: [u8; 4], input: &[u8]) -> Option<String> {
    Some(match selector {
        A::modifyAllocationsCall::SELECTOR => {
            let call = A::modifyAllocationsCall::abi_decode(input).ok()?;
            format!("changes allocations to {}", plural(call.params.len(), "operator set"))
        }
        A::registerForOperatorSetsCall::SELECTOR => {
            let call = A::registerForOperatorSetsCall::abi_decode(input).ok()?;
            let sets = plural(call.params.operatorSetIds.len(), "operator set");
            format!("joins {sets} of {}", short(call.params.avs))
        }
        A::deregisterFromOperatorSetsCall::SELECTOR => {
            let call = A::deregisterFromOperatorSetsCall::abi_decode(input).ok()?;
            let sets = plural(call.params.operatorSetIds.len(), "operator set");
            format!("leaves {sets} of {}", short(call.params.avs))
        }
        A::slashOperatorCall::SELECTOR => {
            let call = A::slashOperatorCall::abi_decode(input).ok()?;
            format!("slashes {} for set {}", short(call.params.operator), call.params.operatorSetId)
        }
        A::setAllocationDelayCall::SELECTOR => {
            let call = A::setAllocationDelayCall::abi_decode(input).ok()?;
            format!("sets an allocation delay of {}", plural(call.delay as usize, "block"))
        }
        A::updateAVSMetadataURICall::SELECTOR => "describes its service".into(),
        A::createOperatorSets_0Call::SELECTOR => {
            let call = A::createOperatorSets_0Call::abi_decode(input).ok()?;
            format!("creates {}", plural(call.params.len(), "operator set"))
        }
        A::createRedistributingOperatorSets_0Call::SELECTOR => {
            let call = A::createRedistributingOperatorSets_0Call::abi_decode(input).ok()?;
            format!("creates {} whose slashes are paid out", plural(call.params.len(), "operator set"))
        }
        _ => return None,
    })
}
