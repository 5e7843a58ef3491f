//! Multicall3: many calls in one transaction or query, with the original's ABI and strings. It holds no state, and
//! what it holds for a moment anyone may take: nobody should send it tokens.

mod dispatch;
#[cfg(test)]
mod tests;

pub use dispatch::main;

use crate::host::{Host, Result, View, revert_with};
use alloy_primitives::{Address, B256, Bytes, U256};
use types::abi::IMulticall3::{
    Call, Call3, Call3Value, Result as CallResult, aggregate3Call, aggregate3ValueCall, aggregateCall,
    blockAndAggregateCall, getBlockHashCall, tryAggregateCall, tryBlockAndAggregateCall,
};

/// What the verbs that tell the block answer: its number, its hash (always zero, as BLOCKHASH sees only the past),
/// and the results.
type BlockAnswer = (U256, B256, Vec<CallResult>);

fn aggregate(host: &mut dyn Host, call: aggregateCall) -> Result<(U256, Vec<Bytes>)> {
    let results = run_all(host, true, call.calls)?;
    let data = results.into_iter().map(|result| result.returnData).collect();
    Ok((block_number(host)?, data))
}

fn try_aggregate(host: &mut dyn Host, call: tryAggregateCall) -> Result<Vec<CallResult>> {
    run_all(host, call.requireSuccess, call.calls)
}

fn try_block_and_aggregate(host: &mut dyn Host, call: tryBlockAndAggregateCall) -> Result<BlockAnswer> {
    let number = host.block().number;
    let hash = host.block_hash(number)?;
    let results = run_all(host, call.requireSuccess, call.calls)?;
    Ok((U256::from(number), hash, results))
}

fn block_and_aggregate(host: &mut dyn Host, call: blockAndAggregateCall) -> Result<BlockAnswer> {
    try_block_and_aggregate(host, tryBlockAndAggregateCall { requireSuccess: true, calls: call.calls })
}

fn aggregate3(host: &mut dyn Host, call: aggregate3Call) -> Result<Vec<CallResult>> {
    let run_one =
        |Call3 { target, allowFailure, callData }| run(host, target, U256::ZERO, callData, allowFailure);
    call.calls.into_iter().map(run_one).collect()
}

/// The sum is compared last, and wraps: no chain holds that much ether.
fn aggregate3_value(host: &mut dyn Host, call: aggregate3ValueCall) -> Result<Vec<CallResult>> {
    let mut sum = U256::ZERO;
    let mut results = Vec::with_capacity(call.calls.len());
    for Call3Value { target, allowFailure, value, callData } in call.calls {
        sum = sum.wrapping_add(value);
        results.push(run(host, target, value, callData, allowFailure)?);
    }
    if sum != host.msg().value {
        return revert_with("Multicall3: value mismatch");
    }
    Ok(results)
}

fn run_all(host: &mut dyn Host, require_success: bool, calls: Vec<Call>) -> Result<Vec<CallResult>> {
    let run_one = |Call { target, callData }| run(host, target, U256::ZERO, callData, !require_success);
    calls.into_iter().map(run_one).collect()
}

/// One call. However it fails, out of gas included, the others may go on.
fn run(
    host: &mut dyn Host,
    target: Address,
    value: U256,
    input: Bytes,
    may_fail: bool,
) -> Result<CallResult> {
    let reply = host.call(target, value, input)?;
    if !reply.is_success() && !may_fail {
        return revert_with("Multicall3: call failed");
    }
    Ok(CallResult { success: reply.is_success(), returnData: reply.data })
}

fn block_number<V: View + ?Sized>(view: &mut V) -> Result<U256> {
    Ok(U256::from(view.block().number))
}

fn block_hash<V: View + ?Sized>(view: &mut V, call: getBlockHashCall) -> Result<B256> {
    // A number that does not fit names no block, as one in the future.
    Ok(view.block_hash(u64::try_from(call.blockNumber).unwrap_or(u64::MAX))?)
}

fn last_block_hash<V: View + ?Sized>(view: &mut V) -> Result<B256> {
    let last = view.block().number.wrapping_sub(1);
    Ok(view.block_hash(last)?)
}
