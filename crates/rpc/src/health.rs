//! Is the node well: for `/health`, and as figures for `/metrics`.
//! Nothing here heals; the node itself ends when its chain does.

use crate::context::Context;
use alloy_primitives::B256;
use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use std::{sync::Arc, time::Duration};
use tokio::sync::broadcast::error::RecvError;

/// How often collected figures are folded, so that they stay small when nobody reads them.
const UPKEEP: Duration = Duration::from_secs(5);

/// The node answers and seals.
#[derive(Debug, Serialize)]
pub(crate) struct Ready {
    status: &'static str,
    chain_id: u64,
    head: u64,
    head_hash: Option<B256>,
}

/// It answers, but does not seal any more.
#[derive(Debug, Serialize)]
pub(crate) struct Failed {
    status: &'static str,
    reason: String,
}

/// How the node is.
///
/// # Errors
/// The report of a node that has stopped producing blocks.
pub(crate) fn report(cx: &Context) -> Result<Ready, Failed> {
    if let Some(reason) = cx.chain.failure() {
        return Err(Failed { status: "failed", reason });
    }
    let view = cx.chain.view();
    let head = view.head();
    match view.hash_of(head) {
        Ok(head_hash) => Ok(Ready { status: "ready", chain_id: cx.chain.chain_id(), head, head_hash }),
        Err(error) => Err(Failed { status: "failed", reason: error.to_string() }),
    }
}

/// Figures that are read when somebody looks.
pub(crate) fn measure(cx: &Context) {
    gauge!("bulwark_head_block").set(whole(cx.chain.view().head()));
    let status = cx.chain.pool().status();
    let count = |transactions: usize| whole(u64::try_from(transactions).unwrap_or(u64::MAX));
    gauge!("bulwark_pool_pending_transactions").set(count(status.pending));
    gauge!("bulwark_pool_queued_transactions").set(count(status.queued));
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus knows only floats")]
fn whole(value: u64) -> f64 {
    value as f64
}

/// Counts blocks as they come, and keeps the figures small.
pub(crate) async fn watch(cx: Arc<Context>, handle: Option<PrometheusHandle>) {
    let mut blocks = cx.chain.subscribe();
    let mut upkeep = tokio::time::interval(UPKEEP);
    let mut previous: Option<u64> = None;
    loop {
        tokio::select! {
            block = blocks.recv() => match block {
                Ok(block) => {
                    counter!("bulwark_blocks_total").increment(1);
                    let transactions = u64::try_from(block.transactions.len()).unwrap_or(u64::MAX);
                    counter!("bulwark_transactions_total").increment(transactions);
                    counter!("bulwark_gas_used_total").increment(block.header.gas_used);
                    let time = block.header.timestamp;
                    if let Some(previous) = previous {
                        histogram!("bulwark_block_interval_seconds").record(whole(time.saturating_sub(previous)));
                    }
                    previous = Some(time);
                }
                Err(RecvError::Lagged(missed)) => counter!("bulwark_blocks_total").increment(missed),
                Err(RecvError::Closed) => return,
            },
            _ = upkeep.tick() => if let Some(handle) = &handle {
                handle.run_upkeep();
            },
        }
    }
}
