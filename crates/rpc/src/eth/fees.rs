//! Fees: what the next block charges, and what past blocks did.
//! What a transaction must pay is the chain's rule; here it is only told, and a tip suggested.

use crate::{
    block_id,
    context::Context,
    error::RpcError,
    json::{Reply, json, quantity},
    limits::fixed,
    method::Method,
    params::Params,
    quantity::Quantity,
};
use alloy_consensus::Transaction as _;
use alloy_eips::BlockNumberOrTag;
use alloy_rpc_types_eth::FeeHistory;
use chain::{SealedBlock, View};

/// The tip suggested to wallets, in wei per gas: one gwei, as anvil suggests.
pub(crate) const SUGGESTED_TIP: u128 = 1_000_000_000;

/// Wei per blob gas: there are no blobs (`decisions.md` 82), so the price stays at its floor.
const BLOB_BASE_FEE: u128 = 1;

/// Percentiles in one request.
const MAX_PERCENTILES: usize = 100;

pub(crate) const METHODS: &[Method] = &[
    Method::now("eth_gasPrice", gas_price),
    Method::now("eth_maxPriorityFeePerGas", tip),
    Method::now("eth_blobBaseFee", blob_base_fee),
    Method::heavy("eth_feeHistory", history),
];

/// Wei per gas that the next block charges.
pub(crate) fn next_base_fee(cx: &Context, view: &View) -> Result<u64, RpcError> {
    Ok(cx.chain.next_context(view)?.base_fee)
}

fn gas_price(cx: &Context, _: Params<'_>) -> Reply {
    let base_fee = next_base_fee(cx, &cx.chain.view())?;
    json(&format!("{:#x}", u128::from(base_fee).saturating_add(SUGGESTED_TIP)))
}

fn tip(_: &Context, _: Params<'_>) -> Reply {
    json(&format!("{SUGGESTED_TIP:#x}"))
}

fn blob_base_fee(_: &Context, _: Params<'_>) -> Reply {
    quantity(1)
}

fn history(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let asked: Quantity = args.required(0, "block count")?;
    let newest: BlockNumberOrTag = args.required(1, "newest block")?;
    let percentiles: Option<Vec<f64>> = args.optional(2, "percentiles")?;
    if let Some(percentiles) = &percentiles {
        check(percentiles)?;
    }
    let view = cx.chain.view();
    let Some(newest) = block_id::height(&view, newest) else {
        return Err(RpcError::server(format!(
            "request beyond head block: requested {newest}, head {}",
            view.head()
        )));
    };
    let count = asked.0.min(cx.limits.max_fee_history).min(newest.saturating_add(1));
    if count == 0 {
        return json(&FeeHistory::default());
    }
    let oldest = newest.saturating_add(1).saturating_sub(count);
    let mut history = FeeHistory { oldest_block: oldest, ..FeeHistory::default() };
    let mut rewards = Vec::new();
    for number in oldest..=newest {
        let Some(block) = view.block(number)? else { break };
        history.base_fee_per_gas.push(u128::from(block.header.base_fee_per_gas.unwrap_or_default()));
        history.gas_used_ratio.push(ratio(block.header.gas_used, block.header.gas_limit));
        if let Some(percentiles) = &percentiles {
            rewards.push(tips_at(&block, percentiles));
        }
    }
    let next = match view.header(newest.saturating_add(1))? {
        Some(header) => header.base_fee_per_gas.unwrap_or_default(),
        None => next_base_fee(cx, &view)?,
    };
    history.base_fee_per_gas.push(u128::from(next));
    history.blob_gas_used_ratio = vec![0.0; history.gas_used_ratio.len()];
    history.base_fee_per_blob_gas = vec![BLOB_BASE_FEE; history.base_fee_per_gas.len()];
    history.reward = percentiles.filter(|asked| !asked.is_empty()).map(|_| rewards);
    json(&history)
}

fn check(percentiles: &[f64]) -> Result<(), RpcError> {
    if percentiles.len() > MAX_PERCENTILES {
        let (count, bound) = (percentiles.len(), fixed(MAX_PERCENTILES, "one request"));
        return Err(RpcError::params(format!("too many percentiles: {count}, {bound}")));
    }
    let inside = percentiles.iter().all(|percentile| (0.0..=100.0).contains(percentile));
    if inside && percentiles.is_sorted() {
        Ok(())
    } else {
        Err(RpcError::params("invalid reward percentile: they must rise, from 0 to 100"))
    }
}

#[expect(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "told to wallets, never to consensus"
)]
fn ratio(used: u64, limit: u64) -> f64 {
    if limit == 0 { 0.0 } else { used as f64 / limit as f64 }
}

/// The tips that were paid at percentiles of the block's gas.
fn tips_at(block: &SealedBlock, percentiles: &[f64]) -> Vec<u128> {
    let base_fee = block.header.base_fee_per_gas.unwrap_or_default();
    let mut paid: Vec<(u128, u64)> = block
        .transactions
        .iter()
        .enumerate()
        .map(|(index, transaction)| {
            let tip = transaction.tx.effective_tip_per_gas(base_fee).unwrap_or_default();
            (tip, block.gas_used(index))
        })
        .collect();
    paid.sort_unstable();
    let mut rest = paid.into_iter();
    let (mut tip, mut gas_so_far) = rest.next().unwrap_or_default();
    let at = |percentile: &f64| {
        let wanted = share(block.header.gas_used, *percentile);
        while gas_so_far < wanted {
            let Some((next, gas)) = rest.next() else { break };
            tip = next;
            gas_so_far = gas_so_far.saturating_add(gas);
        }
        tip
    };
    percentiles.iter().map(at).collect()
}

#[expect(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bound within a block's gas, told to wallets"
)]
fn share(gas: u64, percentile: f64) -> u64 {
    (gas as f64 * percentile / 100.0) as u64
}
