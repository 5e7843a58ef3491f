//! Headers of empty blocks (`decisions.md` 20): nothing runs in them, so the next follows from the last, and a range
//! of them is sealed by chaining headers alone.

use alloy_consensus::{EMPTY_ROOT_HASH, Header};
use alloy_eips::eip1559::{BaseFeeParams, calc_next_block_base_fee};
use alloy_primitives::{B256, Bloom};

/// The base fee of the block after `parent` (EIP-1559).
pub fn next_base_fee(parent: &Header) -> u64 {
    let base_fee = parent.base_fee_per_gas.unwrap_or_default();
    calc_next_block_base_fee(parent.gas_used, parent.gas_limit, base_fee, BaseFeeParams::ethereum())
}

/// The header of the empty block after `parent`, `interval_secs` later.
pub fn next_empty(parent: &Header, parent_hash: B256, interval_secs: u64) -> Header {
    Header {
        parent_hash,
        number: parent.number.saturating_add(1),
        timestamp: parent.timestamp.saturating_add(interval_secs),
        base_fee_per_gas: Some(next_base_fee(parent)),
        gas_used: 0,
        transactions_root: EMPTY_ROOT_HASH,
        receipts_root: EMPTY_ROOT_HASH,
        logs_bloom: Bloom::ZERO,
        ..parent.clone()
    }
}
