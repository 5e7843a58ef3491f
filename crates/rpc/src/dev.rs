//! `evm_`, `anvil_`, `hardhat_`: control of mining and time in a development chain, as anvil answers. Timestamps round
//! up to a slot, and the value used is returned (`decisions.md` 19).

use crate::{
    context::Context,
    error::RpcError,
    json::{Reply, json, null, quantity},
    method::{Method, Pending, pending},
    params::{Args, Params},
    quantity::Quantity,
};
use alloy_primitives::B256;
use chain::{Mining, View};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

pub(crate) const METHODS: &[Method] = &[
    Method::wait("evm_mine", mine_one).control(),
    Method::wait("anvil_mine", mine).control(),
    Method::wait("hardhat_mine", mine).control(),
    Method::wait("evm_setAutomine", set_automine).control(),
    Method::wait("anvil_setAutomine", set_automine).control(),
    Method::now("anvil_getAutomine", automine).control(),
    Method::now("hardhat_getAutomine", automine).control(),
    Method::wait("evm_setIntervalMining", set_interval).control(),
    Method::wait("anvil_setIntervalMining", set_interval).control(),
    Method::now("anvil_getIntervalMining", interval).control(),
    Method::wait("evm_increaseTime", increase_time).control(),
    Method::wait("anvil_increaseTime", increase_time).control(),
    Method::wait("evm_setNextBlockTimestamp", set_next_timestamp).control(),
    Method::wait("anvil_setNextBlockTimestamp", set_next_timestamp).control(),
    Method::wait("evm_setTime", set_time).control(),
    Method::wait("anvil_setTime", set_time).control(),
    Method::wait("evm_snapshot", snapshot).control(),
    Method::wait("anvil_snapshot", snapshot).control(),
    Method::wait("evm_revert", revert).control(),
    Method::wait("anvil_revert", revert).control(),
    Method::now("anvil_nodeInfo", node_info).control(),
];

/// The argument of `evm_mine`: a timestamp, or an object as ganache takes it.
#[derive(Deserialize)]
#[serde(untagged)]
enum MineOptions {
    Timestamp(Quantity),
    Full { timestamp: Option<Quantity>, blocks: Option<Quantity> },
}

fn mine_one(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.args().and_then(|args| args.optional(0, "timestamp")), |options| async move {
        let (timestamp, blocks) = match options {
            None => (None, None),
            Some(MineOptions::Timestamp(timestamp)) => (Some(timestamp), None),
            Some(MineOptions::Full { timestamp, blocks }) => (timestamp, blocks),
        };
        if let Some(Quantity(timestamp)) = timestamp {
            chain.set_next_timestamp(timestamp).await?;
        }
        chain.mine(blocks.map_or(1, |Quantity(blocks)| blocks), None).await?;
        quantity(0)
    })
}

fn mine(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    let read = |args: Args<'_>| -> Result<_, RpcError> {
        Ok((args.optional::<Quantity>(0, "blocks")?, args.optional::<Quantity>(1, "interval")?))
    };
    pending(params.args().and_then(read), |(blocks, interval)| async move {
        let blocks = blocks.map_or(1, |Quantity(blocks)| blocks);
        chain.mine(blocks, interval.map(|Quantity(seconds)| seconds)).await?;
        null()
    })
}

fn set_automine(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.one::<bool>("automine"), |on| async move {
        chain.set_mining(if on { Mining::Instant } else { Mining::Manual }).await?;
        null()
    })
}

fn automine(cx: &Context, _: Params<'_>) -> Reply {
    json(&(cx.chain.mining() == Mining::Instant))
}

/// Seconds between blocks; 0 stops mining.
fn set_interval(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.one::<Quantity>("seconds"), |Quantity(seconds)| async move {
        let mining = match seconds {
            0 => Mining::Manual,
            seconds => Mining::Interval(Duration::from_secs(seconds)),
        };
        chain.set_mining(mining).await?;
        null()
    })
}

fn interval(cx: &Context, _: Params<'_>) -> Reply {
    match cx.chain.mining() {
        Mining::Interval(interval) => json(&interval.as_secs()),
        Mining::Instant | Mining::Manual => null(),
    }
}

/// Returns the whole offset in seconds.
fn increase_time(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.one::<Quantity>("seconds"), |Quantity(seconds)| async move {
        json(&chain.increase_time(seconds).await?)
    })
}

/// Returns the timestamp that the next block will have.
fn set_next_timestamp(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.one::<Quantity>("timestamp"), |Quantity(timestamp)| async move {
        json(&chain.set_next_timestamp(timestamp).await?)
    })
}

/// Returns the whole offset in seconds.
fn set_time(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.one::<Quantity>("timestamp"), |Quantity(timestamp)| async move {
        json(&chain.set_time(timestamp).await?)
    })
}

fn snapshot(cx: &Arc<Context>, _: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    Box::pin(async move { quantity(chain.snapshot().await?) })
}

fn revert(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.one::<Quantity>("snapshot"), |Quantity(id)| async move { json(&chain.revert(id).await?) })
}

/// The answer of `anvil_nodeInfo`, in anvil's shape.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeInfo {
    current_block_number: String,
    current_block_timestamp: u64,
    current_block_hash: B256,
    hard_fork: &'static str,
    transaction_order: &'static str,
    environment: NodeEnvironment,
    fork_config: NoFork,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeEnvironment {
    base_fee: String,
    chain_id: String,
    gas_limit: String,
    gas_price: String,
}

/// There is no upstream chain to fork from; anvil's three fields stay null.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct NoFork {
    fork_url: Option<String>,
    fork_block_number: Option<u64>,
    fork_retry_backoff: Option<u64>,
}

fn node_info(cx: &Context, _: Params<'_>) -> Reply {
    let view: View = cx.chain.view();
    let header = view.head_header()?;
    let base_fee = u128::from(crate::eth::fees::next_base_fee(cx, &view)?);
    json(&NodeInfo {
        current_block_number: format!("{:#x}", header.number),
        current_block_timestamp: header.timestamp,
        current_block_hash: header.hash_slow(),
        hard_fork: "osaka",
        transaction_order: "fees",
        environment: NodeEnvironment {
            base_fee: format!("{base_fee:#x}"),
            chain_id: format!("{:#x}", cx.chain.chain_id()),
            gas_limit: format!("{:#x}", header.gas_limit),
            gas_price: format!("{:#x}", base_fee.saturating_add(crate::eth::fees::SUGGESTED_TIP)),
        },
        fork_config: NoFork::default(),
    })
}
