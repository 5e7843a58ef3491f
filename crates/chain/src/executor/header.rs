//! The header of an executed block (Osaka), with its roots.

use super::{block::ExecutedBlock, environment::BlockContext};
use alloy_consensus::{EMPTY_ROOT_HASH, Header, ReceiptEnvelope};
use alloy_eips::eip7685::EMPTY_REQUESTS_HASH;
use alloy_primitives::{B256, Bloom};
use alloy_rlp::BufMut;
use alloy_trie::root::ordered_trie_root_with_encoder;

/// The header of a block above the state root after it.
///
/// There are no withdrawals, no blobs and no requests, and before the base layer exists no beacon block (`decisions.md`
/// 20, 82).
pub fn assemble_header(context: &BlockContext, block: &ExecutedBlock, state_root: B256) -> Header {
    let (transactions_root, receipts_root) = rayon::join(
        || {
            ordered_trie_root_with_encoder(&block.transactions, |transaction, out| {
                out.put_slice(&transaction.raw);
            })
        },
        || crate::block::receipts_root(&block.receipts),
    );
    Header {
        parent_hash: context.parent_hash,
        number: context.number,
        timestamp: context.timestamp,
        beneficiary: context.beneficiary,
        state_root,
        transactions_root,
        receipts_root,
        logs_bloom: bloom(&block.receipts),
        gas_limit: context.gas_limit,
        gas_used: block.gas_used,
        mix_hash: context.prev_randao,
        base_fee_per_gas: Some(context.base_fee),
        withdrawals_root: Some(EMPTY_ROOT_HASH),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(EMPTY_REQUESTS_HASH),
        ..Header::default()
    }
}

/// The bloom of all logs.
fn bloom(receipts: &[ReceiptEnvelope]) -> Bloom {
    receipts.iter().fold(Bloom::ZERO, |all, receipt| all | *receipt.logs_bloom())
}
