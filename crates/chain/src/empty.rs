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

/// The header `steps` empty blocks after `first`, which is empty too; its parent's hash is not known here, and is zero
/// unless `steps` is. A base fee falls by an eighth a block until it stays, and from there on all but number and time do:
/// so this costs some 150 steps at most, and mostly one, however long the range.
pub fn nth_empty(first: Header, steps: u64, interval_secs: u64) -> Header {
    let mut header = first;
    for done in 0..steps {
        let next = next_empty(&header, B256::ZERO, interval_secs);
        if next.base_fee_per_gas == header.base_fee_per_gas {
            let left = steps.saturating_sub(done);
            return Header {
                number: header.number.saturating_add(left),
                timestamp: header.timestamp.saturating_add(left.saturating_mul(interval_secs)),
                ..next
            };
        }
        header = next;
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_far_header_is_the_one_that_single_steps_lead_to() {
        for base_fee in [0, 1, 7, 8, 9, 1_000, 1_000_000_000, u64::MAX / 2] {
            let first = Header {
                number: 5,
                timestamp: 1_000,
                base_fee_per_gas: Some(base_fee),
                gas_limit: 60_000_000,
                state_root: B256::repeat_byte(3),
                ..Header::default()
            };
            let mut stepped = first.clone();
            for steps in 0..600 {
                assert_eq!(nth_empty(first.clone(), steps, 12), stepped, "{steps} after base fee {base_fee}");
                stepped = next_empty(&stepped, B256::ZERO, 12);
            }
        }
    }
}
