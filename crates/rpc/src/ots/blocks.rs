//! Pages of one block, and what needs nothing but the state.

use super::{Named, find, page_size, receipt};
use crate::{
    block_id,
    context::Context,
    convert,
    error::RpcError,
    json::{Reply, json, null},
    method::Method,
    params::Params,
    quantity::Quantity,
};
use alloy_primitives::{Address, B256, U256};
use alloy_rpc_types_eth::BlockTransactions;
use alloy_rpc_types_trace::otterscan::{BlockDetails, InternalIssuance, OtsBlock, OtsBlockTransactions};
use chain::SealedBlock;

pub(crate) const METHODS: &[Method] = &[
    Method::now("ots_getApiLevel", api_level),
    Method::now("ots_hasCode", has_code),
    Method::heavy("ots_getBlockDetails", details),
    Method::heavy("ots_getBlockDetailsByHash", details_by_hash),
    Method::heavy("ots_getBlockTransactions", transactions),
    Method::now("erigon_getHeaderByNumber", header),
];

/// The level of the API that this is.
const API_LEVEL: u64 = 8;

fn api_level(_: &Context, _: Params<'_>) -> Reply {
    json(&API_LEVEL)
}

fn has_code(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let address: Address = args.required(0, "address")?;
    let named: Option<Named> = args.optional(1, "block")?;
    let view = cx.chain.view();
    let at = block_id::state_at(&view, named.map(Into::into))?;
    json(&!view.code(address, at)?.is_empty())
}

fn details(cx: &Context, params: Params<'_>) -> Reply {
    let named: Named = params.one("block")?;
    tell(find(&cx.chain.view(), named)?.as_deref())
}

fn details_by_hash(cx: &Context, params: Params<'_>) -> Reply {
    let hash: B256 = params.one("hash")?;
    tell(find(&cx.chain.view(), Named::Id(hash.into()))?.as_deref())
}

/// Nothing is issued for sealing a block; the fees are all that was paid for gas, the burnt part too.
fn tell(block: Option<&SealedBlock>) -> Reply {
    let Some(block) = block else { return null() };
    let fees = (0..block.transactions.len()).filter_map(|index| convert::receipt(block, index));
    let fees = fees.fold(U256::ZERO, |sum, receipt| {
        let fee = U256::from(receipt.gas_used).saturating_mul(U256::from(receipt.effective_gas_price));
        sum.saturating_add(fee)
    });
    json(&BlockDetails::new(convert::block(block, false), InternalIssuance::default(), fees))
}

/// Page 0 ends with the last transaction. Calldata is cut to the selector, and logs are left out.
fn transactions(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let named: Named = args.required(0, "block")?;
    let page: Quantity = args.required(1, "page number")?;
    let size: Quantity = args.required(2, "page size")?;
    let size = page_size(cx, size.0)?;
    let Some(block) = find(&cx.chain.view(), named)? else {
        return Err(RpcError::server("block not found"));
    };
    let count = block.transactions.len();
    let skipped = usize::try_from(page.0).unwrap_or(usize::MAX).saturating_mul(size);
    let end = count.saturating_sub(skipped);
    let shown = end.saturating_sub(size)..end;
    let mut full = convert::block(&block, false);
    let listed = shown.clone().filter_map(|index| convert::transaction(&block, index));
    full.transactions = BlockTransactions::Full(listed.collect());
    let receipts = shown.filter_map(|index| receipt(&block, index, false)).collect();
    json(&OtsBlockTransactions { fullblock: OtsBlock { block: full, transaction_count: count }, receipts })
}

fn header(cx: &Context, params: Params<'_>) -> Reply {
    match find(&cx.chain.view(), params.one("block")?)? {
        Some(block) => json(&convert::header(&block)),
        None => null(),
    }
}
