//! When blocks are sealed: on command, as transactions come, or at intervals.

use crate::{
    context::Context,
    convert,
    error::RpcError,
    json::{Reply, json, null, quantity},
    method::{Method, Pending, pending},
    params::{Args, Params},
    quantity::Quantity,
    revert,
};
use chain::{
    Chain, ControlError, Mining, SealedBlock,
    executor::{At, BlockContext, Ending, Simulator},
};
use serde::Deserialize;
use serde_json::Value;
use std::{sync::Arc, time::Duration};

pub(crate) const METHODS: &[Method] = &[
    Method::wait("evm_mine", mine_one).control(),
    Method::wait("evm_mine_detailed", mine_detailed).control(),
    Method::wait("evm_mineDetailed", mine_detailed).control(),
    Method::wait("anvil_mine_detailed", mine_detailed).control(),
    Method::wait("anvil_mineDetailed", mine_detailed).control(),
    Method::wait("anvil_mine", mine).control(),
    Method::wait("hardhat_mine", mine).control(),
    Method::wait("evm_setAutomine", set_automine).control(),
    Method::wait("anvil_setAutomine", set_automine).control(),
    Method::now("anvil_getAutomine", automine).control(),
    Method::now("hardhat_getAutomine", automine).control(),
    Method::wait("evm_setIntervalMining", set_interval).control(),
    Method::wait("anvil_setIntervalMining", set_interval).control(),
    Method::now("anvil_getIntervalMining", interval).control(),
];

/// Blocks that one `evm_mine_detailed` describes.
const MAX_DETAILED: u64 = 1_000;

/// The argument of `evm_mine`: a timestamp, or an object as ganache takes it.
#[derive(Deserialize)]
#[serde(untagged)]
enum MineOptions {
    Timestamp(Quantity),
    Full { timestamp: Option<Quantity>, blocks: Option<Quantity> },
}

/// Seals what is asked for, and returns the head before and after.
async fn seal(chain: &Chain, options: Option<MineOptions>) -> Result<(u64, u64), ControlError> {
    let (timestamp, blocks) = match options {
        None => (None, None),
        Some(MineOptions::Timestamp(timestamp)) => (Some(timestamp), None),
        Some(MineOptions::Full { timestamp, blocks }) => (timestamp, blocks),
    };
    if let Some(Quantity(timestamp)) = timestamp {
        chain.set_next_timestamp(timestamp).await?;
    }
    let blocks = blocks.map_or(1, |Quantity(blocks)| blocks);
    let head = chain.mine(blocks, None).await?;
    Ok((head.saturating_sub(blocks), head))
}

fn mine_one(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let chain = cx.chain.clone();
    pending(params.args().and_then(|args| args.optional(0, "options")), |options| async move {
        seal(&chain, options).await?;
        quantity(0)
    })
}

/// The sealed blocks with whole transactions, each with what it returned and, if it failed, why.
fn mine_detailed(cx: &Arc<Context>, params: Params<'_>) -> Pending {
    let cx = cx.clone();
    pending(params.args().and_then(|args| args.optional(0, "options")), |options| async move {
        let (before, head) = seal(&cx.chain, options).await?;
        if head.saturating_sub(before) > MAX_DETAILED {
            return Err(RpcError::limit(format!(
                "the blocks are sealed, but only up to {MAX_DETAILED} are described; ask for fewer at a time"
            )));
        }
        let worker = cx.clone();
        cx.workers
            .run(move || {
                let numbers = before.saturating_add(1)..=head;
                json(&numbers.map(|number| detailed(&worker, number)).collect::<Result<Vec<_>, _>>()?)
            })
            .await
    })
}

fn detailed(cx: &Context, number: u64) -> Result<Value, RpcError> {
    let view = cx.chain.view();
    let block = view.block(number)?.ok_or_else(|| RpcError::server("the blocks were undone meanwhile"))?;
    let mut told = serde_json::to_value(convert::block(&block, true))
        .map_err(|error| RpcError::internal(format!("a block could not be written: {error}")))?;
    let transactions = told.get_mut("transactions").and_then(Value::as_array_mut);
    if !block.transactions.is_empty()
        && let Some(transactions) = transactions
    {
        let source = At { reader: view.reader().clone(), number: number.saturating_sub(1) };
        let mut simulator = Simulator::new(&source, cx.chain.environment(), BlockContext::of(&block.header));
        annotate(&mut simulator, &block, transactions)?;
    }
    Ok(told)
}

/// Runs a block's transactions again, and adds what each returned.
fn annotate(
    simulator: &mut Simulator<'_>,
    block: &SealedBlock,
    transactions: &mut [Value],
) -> Result<(), RpcError> {
    for (transaction, told) in block.transactions.iter().zip(transactions) {
        let outcome =
            simulator.execute(transaction).map_err(|error| RpcError::internal(error.to_string()))?;
        let Some(told) = told.as_object_mut() else { continue };
        told.insert("output".into(), Value::String(outcome.output().to_string()));
        if let Ending::Reverted(data) = outcome.ending
            && let Some(reason) = revert::reason(&data)
        {
            told.insert("revertReason".into(), Value::String(reason));
        }
    }
    Ok(())
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
        match (on, chain.mining()) {
            (true, _) => chain.set_mining(Mining::Instant).await?,
            (false, Mining::Instant) => chain.set_mining(Mining::Manual).await?,
            // Mining at intervals goes on, as in anvil.
            (false, _) => {}
        }
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
