//! `trace_filter`: the call traces of a range of blocks, by who calls and who is called. No index tells in which blocks an
//! address was called, so blocks are run again one by one: the range, the time and the answer are bounded, and callers
//! page with `after` and `count`. Blocks without transactions cost nothing.

use super::next_calls;
use crate::{
    block_id,
    context::Context,
    error::RpcError,
    json::Reply,
    limits::{fixed, raise},
    method::Method,
    params::Params,
    quantity::Quantity,
    replay::{self, List, Scene},
};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::Address;
use alloy_rpc_types_trace::filter::{TraceFilter, TraceFilterMatcher, TraceFilterMode};
use chain::View;
use serde::Deserialize;
use std::ops::RangeInclusive;

pub(crate) const METHODS: &[Method] = &[Method::heavy("trace_filter", filter)];

/// Most addresses on one side of a filter.
const MAX_ADDRESSES: usize = 1_024;

/// What is looked for.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Wanted {
    from_block: Option<BlockNumberOrTag>,
    to_block: Option<BlockNumberOrTag>,
    from_address: Option<Vec<Address>>,
    to_address: Option<Vec<Address>>,
    mode: TraceFilterMode,
    /// Matches to leave out.
    after: Option<Quantity>,
    /// Matches to answer with.
    count: Option<Quantity>,
}

impl Wanted {
    /// The blocks to look at.
    ///
    /// # Errors
    /// A range that runs backwards, begins above the head, or is too long.
    fn range(&self, view: &View, most: u64) -> Result<RangeInclusive<u64>, RpcError> {
        let height = |block: BlockNumberOrTag| block_id::height(view, block);
        let from = self.from_block.unwrap_or(BlockNumberOrTag::Earliest);
        let to = self.to_block.unwrap_or_default();
        let head = view.head();
        let Some(first) = height(from) else {
            return Err(RpcError::params(format!("fromBlock is above the head, {head}")));
        };
        let last = height(to).unwrap_or(head);
        if first > last {
            return Err(RpcError::params(format!("invalid block range: from {first} is after to {last}")));
        }
        let length = last.saturating_sub(first).saturating_add(1);
        if length > most {
            let name = "max_trace_blocks";
            return Err(RpcError::limit(format!(
                "block range too large: {length} blocks, and one trace_filter may span {most} ({name}); narrow it, or {}",
                raise(name)
            )));
        }
        Ok(first..=last)
    }

    fn matcher(&self) -> Result<TraceFilterMatcher, RpcError> {
        let side = |addresses: &Option<Vec<Address>>| match addresses.as_deref().unwrap_or_default() {
            many if many.len() > MAX_ADDRESSES => {
                let len = many.len();
                let bound = fixed(MAX_ADDRESSES, "one side of a filter");
                Err(RpcError::params(format!("too many addresses: {len}, {bound}")))
            }
            few => Ok(few.to_vec()),
        };
        let filter = TraceFilter {
            from_address: side(&self.from_address)?,
            to_address: side(&self.to_address)?,
            mode: self.mode,
            ..TraceFilter::default()
        };
        Ok(filter.matcher())
    }
}

fn filter(cx: &Context, params: Params<'_>) -> Reply {
    let wanted: Wanted = params.one("filter")?;
    let view = cx.chain.view();
    let range = wanted.range(&view, cx.limits.max_trace_blocks)?;
    let matcher = wanted.matcher()?;
    let mut after = wanted.after.map_or(0, |after| after.0);
    let count = wanted.count.map_or(u64::MAX, |count| count.0);
    let mut found = List::new(cx.limits.max_response_bytes);
    let allowance = replay::allowance(cx);
    for number in range {
        if found.len() >= count {
            break;
        }
        allowance.check()?;
        if !view.has_transactions(number)? {
            continue;
        }
        let Some(block) = view.block(number)? else { continue };
        let scene = Scene::of(&view, block)?;
        let mut replay = scene.replay(cx);
        while replay.upcoming().is_some() {
            let traces = next_calls(cx, &mut replay, allowance)?;
            for trace in traces.iter().filter(|trace| matcher.matches(&trace.trace)) {
                match after.checked_sub(1) {
                    Some(left) => after = left,
                    None if found.len() >= count => break,
                    None => found.push(trace)?,
                }
            }
        }
    }
    found.end()
}
