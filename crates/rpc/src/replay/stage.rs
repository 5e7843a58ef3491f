//! Where calls run that name a block and perhaps a place in it, and how one bundle of calls follows another.

use super::{Scene, block_at, failed};
use crate::{
    block_id,
    context::Context,
    error::RpcError,
    limits::fixed,
    pending::{self, Place},
};
use alloy_eips::BlockId;
use alloy_rpc_types_eth::{Bundle, StateContext, TransactionIndex};
use chain::{
    Overrides, View,
    executor::{BlockContext, BlockOverrides, Simulator},
};

/// Calls of one request, in all its bundles.
const MAX_CALLS: usize = 1_024;

/// After a block or in its middle, or in the next block.
pub(crate) struct Stage {
    scene: Option<Scene>,
    place: Place,
    before: usize,
}

impl Stage {
    /// After the block, or before its transaction at `index`.
    ///
    /// # Errors
    /// There is no such block.
    pub(crate) fn set(
        cx: &Context,
        view: &View,
        block: Option<BlockId>,
        index: Option<usize>,
    ) -> Result<Self, RpcError> {
        let place = pending::place(cx, view, block)?;
        let scene = match index {
            Some(_) => Some(Scene::of(view, block_at(view, block_id::state_at(view, block)?.into())?)?),
            None => None,
        };
        Ok(Self { scene, place, before: index.unwrap_or_default() })
    }

    /// Where a state context says.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub(crate) fn at(cx: &Context, view: &View, context: StateContext) -> Result<Self, RpcError> {
        let index = match context.transaction_index {
            Some(TransactionIndex::Index(index)) => Some(index),
            Some(TransactionIndex::All) | None => None,
        };
        Self::set(cx, view, context.block_number, index)
    }

    /// The state and the block.
    ///
    /// # Errors
    /// A transaction before the place did not run as it did.
    pub(crate) fn simulator<'s>(&'s self, cx: &'s Context) -> Result<Simulator<'s>, RpcError> {
        let Some(scene) = &self.scene else {
            return Ok(Simulator::new(&self.place.ground, cx.chain.environment(), self.place.context));
        };
        let mut replay = scene.replay(cx);
        replay.skip_to(self.before).map_err(|error| failed(&error))?;
        Ok(replay.into_simulator())
    }
}

/// Checks how many calls there are.
///
/// # Errors
/// There are too many.
pub(crate) fn check_calls(calls: usize) -> Result<(), RpcError> {
    if calls > MAX_CALLS {
        return Err(RpcError::params(format!(
            "too many calls: {calls}, {}",
            fixed(MAX_CALLS, "one request")
        )));
    }
    Ok(())
}

/// Calls in all bundles.
pub(crate) fn calls_in<T>(bundles: &[Bundle<T>]) -> usize {
    bundles.iter().map(|bundle| bundle.transactions.len()).fold(0, usize::saturating_add)
}

/// The block after one, `slot_secs` later: where the next bundle runs.
pub(crate) fn next_block(context: &BlockContext, slot_secs: u64) -> Overrides {
    let block = BlockOverrides {
        number: Some(context.number.saturating_add(1)),
        timestamp: Some(context.timestamp.saturating_add(slot_secs)),
        ..BlockOverrides::default()
    };
    Overrides { block, ..Overrides::default() }
}
