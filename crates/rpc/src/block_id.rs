//! Which block a caller means. One node, or a cluster with finality: the newest block is also safe and final
//! (`decisions.md` 21), and the pending block is the newest plus the pool.

use crate::error::RpcError;
use alloy_eips::{BlockId, BlockNumberOrTag};
use chain::View;

/// The height that a tag or number names; `None` above the head.
pub(crate) fn height(view: &View, block: BlockNumberOrTag) -> Option<u64> {
    match block {
        BlockNumberOrTag::Earliest => Some(0),
        BlockNumberOrTag::Number(number) => (number <= view.head()).then_some(number),
        BlockNumberOrTag::Latest
        | BlockNumberOrTag::Safe
        | BlockNumberOrTag::Finalized
        | BlockNumberOrTag::Pending => Some(view.head()),
    }
}

/// The height of any block id; `None` if there is no such block.
///
/// # Errors
/// The database's.
pub(crate) fn find(view: &View, block: BlockId) -> Result<Option<u64>, RpcError> {
    match block {
        BlockId::Number(number) => Ok(height(view, number)),
        // Every sealed block is canonical, so `requireCanonical` asks for nothing more.
        BlockId::Hash(hash) => Ok(view.number_of(hash.block_hash)?),
    }
}

/// The height at which state is asked for; the newest if nothing is said.
///
/// # Errors
/// There is no such block, in geth's words.
pub(crate) fn state_at(view: &View, block: Option<BlockId>) -> Result<u64, RpcError> {
    let Some(block) = block else { return Ok(view.head()) };
    find(view, block)?.ok_or_else(|| {
        let head = view.head();
        RpcError::server(match block {
            BlockId::Number(number) => format!("header not found: block {number} is above the head, {head}"),
            BlockId::Hash(hash) => format!("header for hash not found: {}", hash.block_hash),
        })
    })
}
