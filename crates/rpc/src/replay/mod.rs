//! What `debug_`, `trace_` and `ots_` share: sealed blocks run again under inspectors, within bounds. Reading order: this
//! file (where a replay begins), `bounded` (what it may take), `tracer` (geth's tracers), `stage` (where calls run), `list` (long answers).

mod bounded;
mod duration;
mod list;
mod stage;
pub(crate) mod tracer;

pub(crate) use bounded::{Allowance, Bounded, Keeps};
pub(crate) use list::List;
pub(crate) use stage::{Stage, calls_in, check_calls, next_block};
pub(crate) use tracer::Tracer;

use crate::{context::Context, error::RpcError};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::B256;
use chain::{
    SealedBlock, View,
    executor::{At, Replay, ReplayError, Simulated, SimulatedContext},
};
use revm::Inspector;
use std::{sync::Arc, time::Instant};

/// A sealed block and the state below it.
pub(crate) struct Scene {
    below: At,
    pub(crate) block: Arc<SealedBlock>,
}

impl Scene {
    /// Where `block` ran.
    ///
    /// # Errors
    /// The first block, in which nothing ran, in geth's words.
    pub(crate) fn of(view: &View, block: Arc<SealedBlock>) -> Result<Self, RpcError> {
        let Some(parent) = block.header.number.checked_sub(1) else {
            return Err(RpcError::server("genesis is not traceable"));
        };
        Ok(Self { below: At { reader: view.reader().clone(), number: parent }, block })
    }

    /// The block at its beginning.
    pub(crate) fn replay<'s>(&'s self, cx: &'s Context) -> Replay<'s> {
        Replay::begin(&self.below, cx.chain.environment(), &self.block)
    }
}

/// The block that an id names.
///
/// # Errors
/// There is none, in geth's words.
pub(crate) fn block_at(view: &View, id: BlockId) -> Result<Arc<SealedBlock>, RpcError> {
    let block = match crate::block_id::find(view, id)? {
        Some(number) => view.block(number)?,
        None => None,
    };
    block.ok_or_else(|| {
        RpcError::server(match id {
            BlockId::Hash(hash) => format!("block {} not found", hash.block_hash),
            BlockId::Number(BlockNumberOrTag::Number(number)) => format!("block #{number} not found"),
            BlockId::Number(tag) => format!("block {tag} not found"),
        })
    })
}

/// The sealed transaction with a hash.
///
/// # Errors
/// There is none, in geth's words.
pub(crate) fn transaction_at(view: &View, hash: B256) -> Result<(Arc<SealedBlock>, usize), RpcError> {
    view.transaction(hash)?.ok_or_else(|| RpcError::server("transaction not found"))
}

/// What a request may take from now on.
pub(crate) fn allowance(cx: &Context) -> Allowance {
    Allowance { bytes: cx.limits.max_trace_bytes, time: cx.limits.call_timeout, begun: Instant::now() }
}

/// Runs the next transaction under a bounded inspector.
///
/// # Errors
/// A bound was met, or the transaction did not run as it did.
pub(crate) fn watch<'s, I>(
    replay: &mut Replay<'s>,
    inspector: &mut Bounded<I>,
) -> Result<Option<Simulated>, RpcError>
where
    I: Inspector<SimulatedContext<'s>>,
{
    let watched = replay.watch(inspector);
    match inspector.verdict() {
        Some(error) => Err(error),
        None => Ok(watched.map_err(|error| failed(&error))?),
    }
}

/// A replay's failure as the caller sees it: the node's.
pub(crate) fn failed(error: &ReplayError) -> RpcError {
    RpcError::internal(error.to_string())
}
