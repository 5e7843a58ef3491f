//! Going back and starting over: snapshots, undone and replaced blocks, reset, dumps of the state. Filters that polled
//! blocks which are gone continue from the last one that is not.

use crate::{
    context::Context,
    error::RpcError,
    eth::sign,
    json::{json, null, quantity},
    method::{Method, Pending, pending},
    params::{Args, Params},
    quantity::Quantity,
};
use alloy_primitives::{Address, Bytes};
use alloy_rpc_types_eth::TransactionRequest;
use chain::{Chain, Dump, Recovered, transaction};
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

pub(crate) const METHODS: &[Method] = &[
    Method::wait("evm_snapshot", snapshot).control(),
    Method::wait("anvil_snapshot", snapshot).control(),
    Method::wait("evm_revert", revert).control(),
    Method::wait("anvil_revert", revert).control(),
    Method::wait("anvil_rollback", roll_back).control(),
    Method::wait("anvil_reorg", reorganise).control(),
    Method::wait("anvil_reset", reset).control(),
    Method::wait("hardhat_reset", reset).control(),
    Method::wait("anvil_dumpState", dump).control(),
    Method::wait("hardhat_dumpState", dump).control(),
    Method::wait("anvil_loadState", load).control(),
    Method::wait("hardhat_loadState", load).control(),
];

/// Blocks that one `anvil_reorg` may replace.
const MAX_REORG: u64 = 10_000;

/// What gzip begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

fn snapshot(cx: &Arc<Context>, _: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    Box::pin(async move { quantity(chain.snapshot().await?) })
}

fn revert(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let cx = cx.clone();
    pending(params.one::<Quantity>("snapshot"), |Quantity(id)| async move {
        let block = cx.chain.snapshots().into_iter().find(|(known, _)| *known == id);
        let found = cx.chain.revert(id).await?;
        if let Some((_, block)) = block {
            cx.filters.went_back(block, cx.chain.view().hash_of(block)?.unwrap_or_default());
        }
        json(&found)
    })
}

/// Undoes so many blocks; one if nothing is said.
fn roll_back(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let cx = cx.clone();
    pending(params.args().and_then(|args| args.optional(0, "depth")), |depth| async move {
        undo(&cx, depth.map_or(1, |Quantity(depth)| depth)).await?;
        null()
    })
}

/// Undoes so many blocks. Returns the head that is left.
async fn undo(cx: &Context, depth: u64) -> Result<u64, RpcError> {
    let left = cx.chain.roll_back(depth).await.map_err(|error| match error {
        chain::ControlError::TooDeep { .. } => RpcError::params(format!("Rollback {error}")),
        error => error.into(),
    })?;
    cx.filters.went_back(left, cx.chain.view().hash_of(left)?.unwrap_or_default());
    Ok(left)
}

/// A transaction for a replaced block: signed bytes, or a request.
#[derive(Deserialize)]
#[serde(untagged)]
enum Replacement {
    Raw(Bytes),
    Request(Box<TransactionRequest>),
}

/// Depth, and transactions with the position of their block among the new ones.
fn reorganise(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let cx = cx.clone();
    let read = |args: Args<'_>| -> Result<_, RpcError> {
        let Quantity(depth) = args.required(0, "depth")?;
        let pairs: Vec<(Replacement, u64)> = args.optional(1, "transactions and blocks")?.unwrap_or_default();
        if depth > MAX_REORG {
            return Err(RpcError::params(format!(
                "depth {depth} is more than one reorg may have, {MAX_REORG}"
            )));
        }
        if let Some((_, block)) = pairs.iter().find(|(_, block)| *block >= depth) {
            return Err(RpcError::params(format!(
                "Block number for reorg tx will exceed the reorged chain height. Block number {block} must not exceed \
                 (depth-1) {}",
                depth.saturating_sub(1)
            )));
        }
        Ok((depth, pairs))
    };
    pending(params.args().and_then(read), |(depth, pairs)| async move {
        let head = cx.chain.view().head();
        let Some(common) = head.checked_sub(depth) else {
            return Err(RpcError::params(format!(
                "Reorg depth must not exceed current chain height: current height {head}, depth {depth}"
            )));
        };
        let mut blocks = vec![Vec::new(); usize::try_from(depth).unwrap_or_default()];
        for (block, transaction) in replacements(&cx, common, pairs).await? {
            if let Some(place) = usize::try_from(block).ok().and_then(|block| blocks.get_mut(block)) {
                place.push(transaction);
            }
        }
        cx.chain.reorganise(blocks).await?;
        cx.filters.went_back(common, cx.chain.view().hash_of(common)?.unwrap_or_default());
        null()
    })
}

/// The transactions, in order of their blocks; requests get nonces from the last common block's state on.
async fn replacements(
    cx: &Arc<Context>,
    common: u64,
    mut pairs: Vec<(Replacement, u64)>,
) -> Result<Vec<(u64, Arc<Recovered>)>, RpcError> {
    pairs.sort_by_key(|(_, block)| *block);
    let mut nonces: BTreeMap<Address, u64> = BTreeMap::new();
    let mut ready = Vec::with_capacity(pairs.len());
    for (replacement, block) in pairs {
        let transaction = match replacement {
            Replacement::Raw(raw) => {
                let checked = transaction::recover(raw, cx.chain.chain_id());
                Arc::new(checked.map_err(|error| RpcError::server(error.to_string()))?)
            }
            Replacement::Request(mut request) => {
                let from = sign::sender(cx, &request)?;
                if request.nonce.is_none() {
                    let sealed = cx.chain.view().account(from, common)?.nonce;
                    let next = nonces.entry(from).or_insert(sealed);
                    request.nonce = Some(*next);
                    *next = next.saturating_add(1);
                }
                sign::ready(cx, *request).await?.0
            }
        };
        ready.push((block, transaction));
    }
    Ok(ready)
}

/// Without arguments, or with ones that name no other chain.
fn reset(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let cx = cx.clone();
    let read = |args: Args<'_>| -> Result<(), RpcError> {
        let options: Option<Value> = args.optional(0, "options")?;
        let forking = options.as_ref().map(|options| options.get("forking").unwrap_or(options));
        let names = |key| forking.and_then(|forking| forking.get(key)).is_some_and(|value| !value.is_null());
        if names("jsonRpcUrl") || names("blockNumber") {
            return Err(RpcError::refused(
                "this chain forks no other: its contracts are native; reset without arguments, or bring accounts over \
                 with anvil_loadState",
            ));
        }
        Ok(())
    };
    pending(params.args().and_then(read), |()| async move {
        cx.chain.reset().await?;
        cx.filters.went_back(0, cx.chain.view().hash_of(0)?.unwrap_or_default());
        cx.renew_instance();
        null()
    })
}

/// The document of `--dump-state`, as hex.
fn dump(cx: &Arc<Context>, _: Params<'_>) -> Pending {
    let cx = cx.clone();
    Box::pin(async move {
        let chain = cx.chain.clone();
        cx.workers
            .run(move || {
                let text = chain.dump()?.to_json();
                json(&Bytes::from(text.map_err(|error| RpcError::internal(error.to_string()))?))
            })
            .await
    })
}

/// A document as [`dump`] and `--dump-state` write it, ours or anvil's.
fn load(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.one::<Bytes>("state"), |state| async move {
        load_into(&chain, &state).await?;
        json(&true)
    })
}

async fn load_into(chain: &Chain, state: &[u8]) -> Result<(), RpcError> {
    if state.starts_with(&GZIP) {
        return Err(RpcError::params(
            "the state is compressed; unpack it, or give the file of --dump-state as hex",
        ));
    }
    let dump =
        Dump::from_json(state, chain.chain_id()).map_err(|error| RpcError::params(error.to_string()))?;
    Ok(chain.restore(dump).await?)
}
