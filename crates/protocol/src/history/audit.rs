//! What must hold in the histories of an operator in a strategy (restaking-core I6, I7).

use super::{Head, MAGNITUDES, QUEUE_CHUNKS, QueueChunk, chunk_of};
use crate::host::{Fatal, View};
use alloy_primitives::{Address, U256};

/// Snapshots of magnitudes looked at, from the newest: what is older has been looked at before.
const LOOK_BACK: u32 = 64;

/// What is wrong with an operator's histories of a strategy, if anything. `magnitude` is the max magnitude of now.
///
/// # Errors
/// Out of gas, or the node's.
pub fn flaw<V: View + ?Sized>(
    view: &mut V,
    operator: Address,
    strategy: Address,
    magnitude: u64,
) -> Result<Option<&'static str>, Fatal> {
    let flaw = flaw_of_magnitudes(view, operator, strategy, magnitude)?;
    if flaw.is_some() { Ok(flaw) } else { flaw_of_queue(view, operator, strategy) }
}

fn flaw_of_magnitudes<V: View + ?Sized>(
    view: &mut V,
    operator: Address,
    strategy: Address,
    magnitude: u64,
) -> Result<Option<&'static str>, Fatal> {
    let length = MAGNITUDES.get(view, (operator, strategy, 0))?.length;
    let mut newer: Option<(u32, u64)> = None;
    for index in (length.saturating_sub(LOOK_BACK)..length).rev() {
        let chunk = MAGNITUDES.get(view, (operator, strategy, chunk_of(index)))?;
        let (block, value) = (chunk.blocks.get(index), chunk.values.get(index));
        match newer {
            None if value != magnitude => {
                return Ok(Some("I6: the newest magnitude of the history is not the max magnitude"));
            }
            Some((later, less)) if block >= later || value < less => {
                return Ok(Some("I6: magnitudes rise, or their blocks do not"));
            }
            _ => newer = Some((block, value)),
        }
    }
    Ok(None)
}

fn flaw_of_queue<V: View + ?Sized>(
    view: &mut V,
    operator: Address,
    strategy: Address,
) -> Result<Option<&'static str>, Fatal> {
    let head = Head::load(view, operator, strategy)?;
    let (mut later, mut most) = (head.block, head.value);
    for index in (head.start..head.archived).rev() {
        let QueueChunk(pair) = QUEUE_CHUNKS.get(view, (operator, strategy, chunk_of(index)))?;
        let snapshot = pair.get(index);
        // A wide value's place says nothing about it: it is more than any narrow one.
        let value = U256::from_limbs([snapshot.lower, u64::from(snapshot.upper), 0, 0]);
        if snapshot.block >= later || value > most {
            return Ok(Some("I7: queued shares fall, or their blocks do not rise"));
        }
        (later, most) = (snapshot.block, value);
    }
    Ok(None)
}
