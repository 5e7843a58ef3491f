//! Logs by filter, at once or through installed filters.
//! The search itself is the chain's; here are ranges, bounds, and where each filter stands.

use crate::{
    block_id,
    context::Context,
    convert,
    error::RpcError,
    filters::{Cursor, FilterId},
    json::{Json, Reply, json},
    limits::raise,
    method::Method,
    params::Params,
};
use alloy_eips::BlockNumberOrTag;
use alloy_rpc_types_eth::{Filter, FilterBlockOption, Log};
use chain::{LogFilter, LogsError, View};
use std::ops::RangeInclusive;

/// Block hashes in one answer of a filter; older ones are left out.
const MAX_HASHES: u64 = 10_000;

pub(crate) const METHODS: &[Method] = &[
    Method::heavy("eth_getLogs", get),
    Method::now("eth_newFilter", new_log_filter),
    Method::now("eth_newBlockFilter", new_block_filter),
    Method::now("eth_newPendingTransactionFilter", new_pending_filter),
    Method::heavy("eth_getFilterChanges", changes),
    Method::heavy("eth_getFilterLogs", filter_logs),
    Method::now("eth_uninstallFilter", uninstall),
];

/// The filter's addresses and topics, for blocks `from` to `to`.
pub(crate) fn between(filter: &Filter, from: u64, to: u64) -> LogFilter {
    LogFilter {
        from,
        to,
        addresses: filter.address.iter().copied().collect(),
        topics: filter.topics.each_ref().map(|topics| topics.iter().copied().collect()),
    }
}

/// The blocks that a filter names. A range from above the head to a tag is empty: indexers ask so while they wait.
///
/// # Errors
/// A range that runs backwards, or a block that does not exist.
fn range(view: &View, filter: &Filter) -> Result<RangeInclusive<u64>, RpcError> {
    let (from, to) = match filter.block_option {
        FilterBlockOption::AtBlockHash(hash) => {
            let number = view.number_of(hash)?;
            let number = number.ok_or_else(|| RpcError::server(format!("unknown block: {hash}")))?;
            return Ok(number..=number);
        }
        FilterBlockOption::Range { from_block, to_block } => {
            (from_block.unwrap_or_default(), to_block.unwrap_or_default())
        }
    };
    if let (BlockNumberOrTag::Number(from), BlockNumberOrTag::Number(to)) = (from, to)
        && from > to
    {
        return Err(RpcError::params(format!("invalid block range params: from {from} is after to {to}")));
    }
    let height = |block| match block {
        BlockNumberOrTag::Number(number) => number,
        tag => block_id::height(view, tag).unwrap_or_else(|| view.head()),
    };
    Ok(height(from)..=height(to))
}

fn find(
    cx: &Context,
    view: &View,
    filter: &Filter,
    blocks: RangeInclusive<u64>,
) -> Result<Vec<Log>, RpcError> {
    if blocks.is_empty() {
        return Ok(Vec::new());
    }
    let most = cx.limits.max_log_blocks;
    let head = (*blocks.end()).min(view.head());
    if head.saturating_sub(*blocks.start()) >= most {
        let name = "max_log_blocks";
        return Err(RpcError::limit(format!(
            "block range too wide: one query may span {most} blocks ({name}); narrow it, or {}",
            raise(name)
        )));
    }
    let filter = between(filter, *blocks.start(), *blocks.end());
    let found = view.logs(&filter, cx.limits.max_logs).map_err(|error| match error {
        LogsError::TooMany { limit } => RpcError::limit(format!(
            "query returned more than {limit} results (max_logs); narrow the block range or the filter, or {}",
            raise("max_logs")
        )),
        LogsError::Read(error) => error.into(),
    })?;
    Ok(found.into_iter().map(convert::log).collect())
}

fn get(cx: &Context, params: Params<'_>) -> Reply {
    let filter: Filter = params.one("filter")?;
    let view = cx.chain.view();
    let blocks = range(&view, &filter)?;
    json(&find(cx, &view, &filter, blocks)?)
}

fn new_log_filter(cx: &Context, params: Params<'_>) -> Reply {
    let filter: Filter = params.one("filter")?;
    let view = cx.chain.view();
    range(&view, &filter)?;
    json(&cx.filters.install(Cursor::Logs { filter: Box::new(filter), after: mark(&view)? })?)
}

fn new_block_filter(cx: &Context, _: Params<'_>) -> Reply {
    let after = mark(&cx.chain.view())?;
    json(&cx.filters.install(Cursor::Blocks { after })?)
}

fn new_pending_filter(cx: &Context, _: Params<'_>) -> Reply {
    json(&cx.filters.install(Cursor::Pending { hashes: cx.chain.subscribe_pending() })?)
}

/// The head, as the last block that a filter has told of.
fn mark(view: &View) -> Result<(u64, alloy_primitives::B256), RpcError> {
    let head = view.head();
    Ok((head, view.hash_of(head)?.unwrap_or_default()))
}

/// The first block that a filter has not told of. After a revert to a snapshot the block it told of last may be gone;
/// then that height is told again.
fn next(view: &View, after: (u64, alloy_primitives::B256)) -> Result<u64, RpcError> {
    let (number, hash) = after;
    if number > view.head() {
        return Ok(view.head().saturating_add(1));
    }
    if view.hash_of(number)? == Some(hash) { Ok(number.saturating_add(1)) } else { Ok(number) }
}

fn changes(cx: &Context, params: Params<'_>) -> Reply {
    let id: FilterId = params.one("filter id")?;
    cx.filters.advance(id, |cursor| advance(cx, cursor))
}

fn advance(cx: &Context, cursor: &mut Cursor) -> Result<Json, RpcError> {
    let view = cx.chain.view();
    let head = view.head();
    match cursor {
        Cursor::Blocks { after } => {
            let from = next(&view, *after)?.max(head.saturating_sub(MAX_HASHES));
            let mut hashes = Vec::new();
            for number in from..=head {
                hashes.extend(view.hash_of(number)?);
            }
            *after = mark(&view)?;
            json(&hashes)
        }
        Cursor::Logs { filter, after } => {
            let (first, last) = match filter.block_option {
                FilterBlockOption::AtBlockHash(_) => return json::<[Log]>(&[]),
                FilterBlockOption::Range { .. } => wanted(filter),
            };
            let from = next(&view, *after)?.max(first);
            let found = find(cx, &view, filter, from..=head.min(last))?;
            *after = mark(&view)?;
            json(&found)
        }
        Cursor::Pending { hashes } => {
            let mut found = Vec::new();
            loop {
                use tokio::sync::broadcast::error::TryRecvError;
                match hashes.try_recv() {
                    Ok(hash) => found.push(hash),
                    Err(TryRecvError::Lagged(_)) => {}
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
            }
            json(&found)
        }
    }
}

/// The heights between which an installed filter looks; tags mean all that is to come.
fn wanted(filter: &Filter) -> (u64, u64) {
    let number = |block: Option<&BlockNumberOrTag>| match block {
        Some(BlockNumberOrTag::Number(number)) => Some(*number),
        _ => None,
    };
    let (from, to) = filter.block_option.as_range();
    (number(from).unwrap_or(0), number(to).unwrap_or(u64::MAX))
}

/// All logs of an installed filter's range, not only the new ones.
fn filter_logs(cx: &Context, params: Params<'_>) -> Reply {
    let id: FilterId = params.one("filter id")?;
    cx.filters.advance(id, |cursor| match cursor {
        Cursor::Logs { filter, .. } => {
            let view = cx.chain.view();
            let blocks = range(&view, filter)?;
            json(&find(cx, &view, filter, blocks)?)
        }
        Cursor::Blocks { .. } | Cursor::Pending { .. } => {
            Err(RpcError::server("filter not found: it is not one of logs"))
        }
    })
}

fn uninstall(cx: &Context, params: Params<'_>) -> Reply {
    json(&cx.filters.uninstall(params.one("filter id")?))
}
