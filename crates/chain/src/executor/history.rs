//! EIP-2935: the ring of the last 8,191 block hashes. The first step of a block that runs code writes its parent's hash
//! and those of the empty blocks before it that were sealed without a step (`decisions.md` 20).

use super::source::StateSource;
use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256};
use state::Error;
use types::addresses::HISTORY_STORAGE;

/// Entries of the ring (`HISTORY_SERVE_WINDOW`).
pub(super) const WINDOW: u64 = 8_191;

/// Whether the ring's contract exists. Without its code a system call to it changes nothing.
///
/// # Errors
/// The database's.
pub(super) fn is_deployed(source: &dyn StateSource) -> Result<bool, Error> {
    let account = source.account(HISTORY_STORAGE)?;
    Ok(account.is_some_and(|account| account.code_hash != KECCAK256_EMPTY && !account.code_hash.is_zero()))
}

/// The block whose hash a slot of the ring holds while the block `number` runs; `None` if it holds none.
pub(super) fn ring_entry(address: Address, slot: U256, number: u64) -> Option<u64> {
    if address != HISTORY_STORAGE {
        return None;
    }
    let slot = u64::try_from(slot).ok().filter(|slot| *slot < WINDOW)?;
    let parent = number.checked_sub(1)?;
    // The last block at or below the parent that falls on the slot.
    let behind = WINDOW.checked_add(parent.checked_rem(WINDOW)?)?.checked_sub(slot)?.checked_rem(WINDOW)?;
    parent.checked_sub(behind)
}

/// The slot of a block's hash.
fn slot_of(number: u64) -> U256 {
    U256::from(number.checked_rem(WINDOW).unwrap_or_default())
}

/// What the first step of the block `number` writes: its parent's hash, and before it those of earlier blocks that the
/// ring lacks, newest first. An entry that is there tells that all older ones are.
///
/// # Errors
/// The database's.
pub(super) fn missing(source: &dyn StateSource, number: u64) -> Result<Vec<(U256, B256)>, Error> {
    let mut entries = Vec::new();
    if !is_deployed(source)? {
        return Ok(entries);
    }
    let oldest = number.saturating_sub(WINDOW);
    for earlier in (oldest..number).rev() {
        let slot = slot_of(earlier);
        let hash = source.block_hash(earlier)?.unwrap_or_default();
        if source.storage(HISTORY_STORAGE, slot)? == U256::from_be_bytes(hash.0) {
            break;
        }
        entries.push((slot, hash));
    }
    Ok(entries)
}
