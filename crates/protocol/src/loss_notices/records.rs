//! What is known of slashes: StrategyManager's record until the slash is cleared, and what was kept of it here.
//!
//! | tag | row | key | bits, from the lowest |
//! | --- | --- | --- | --- |
//! | 2 | head | set, id | operator 160 · block 32 · strategies 32 |
//! | 3 | strategies | set, id, index | strategy 160 |
//! | 4 | magnitudes | set, id, index | before 64 · after 64 |

use super::HOME;
use crate::{
    host::{Host, Result, View},
    ledger::Labelled,
    storage::Map,
    strategy_manager::{Cut, SlashRecord, slash_record},
};
use alloy_primitives::{Address, B256, U256};

const HEADS: Map<(B256, B256), Labelled> = Map::on(HOME, 2);
const STRATEGIES: Map<(B256, B256, u64), Address> = Map::on(HOME, 3);
const MAGNITUDES: Map<(B256, B256, u64), U256> = Map::on(HOME, 4);

/// The record of a slash, if it is known.
///
/// # Errors
/// Out of gas, or the node's.
pub(super) fn known<V: View + ?Sized>(
    view: &mut V,
    set: B256,
    slash_id: U256,
) -> Result<Option<SlashRecord>> {
    let id = B256::from(slash_id);
    let Labelled { address: operator, small: block, large: count } = HEADS.get(view, (set, id))?;
    if count == 0 {
        return slash_record(view, set, slash_id);
    }
    let mut cuts = Vec::new();
    for index in 0..count {
        let strategy = STRATEGIES.get(view, (set, id, index))?;
        let [before, after, ..] = *MAGNITUDES.get(view, (set, id, index))?.as_limbs();
        cuts.push(Cut { strategy, before, after });
    }
    Ok(Some(SlashRecord { operator, block, cuts }))
}

/// Writes a record; again changes nothing.
///
/// # Errors
/// Out of gas, a static frame, or the node's.
pub(super) fn keep(host: &mut dyn Host, set: B256, slash_id: U256, record: &SlashRecord) -> Result<()> {
    let id = B256::from(slash_id);
    let mut count = 0_u64;
    for Cut { strategy, before, after } in &record.cuts {
        STRATEGIES.set(host, (set, id, count), *strategy)?;
        MAGNITUDES.set(host, (set, id, count), U256::from_limbs([*before, *after, 0, 0]))?;
        count = count.saturating_add(1);
    }
    let head = Labelled { address: record.operator, small: record.block, large: count };
    Ok(HEADS.set(host, (set, id), head)?)
}
