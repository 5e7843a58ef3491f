//! LossNotices: what a slash took of a staker, to the wei, written to the log for anyone who asks (restaking-core E2,
//! `decisions.md` 46). A staker who is watched pays for a note of each change of its own stake; so a notice is exact or
//! refused, and slashing costs what it did. What is refused here, the index knows.

mod dispatch;
mod records;
#[cfg(test)]
mod tests;

pub use dispatch::main;

use crate::{
    delegation_manager::{slashable_until, withdrawals_of},
    history::now,
    host::{Host, Result, View, emit, require, revert},
    ledger::{Position, STAKERS, Staker},
    lens::Stake,
    math::{add, sub},
    operator_set,
    pausable::require_running,
    permission_controller::sender_can_act_for,
    storage::{Map, Slot},
    strategy_manager::SlashRecord,
};
use alloy_primitives::{Address, B256, U256};
use types::{
    abi::{
        IDelegationManager::Withdrawal,
        ILossNotices::{
            InvalidPermissions, LossNotice, NotWatched, NothingLost, OperatorSet, PositionChanged, SlashKept,
            SlashUnknown, StrategyLoss, WatchSet, keepCall, noticeCall, previewCall, previewReturn,
            setWatchedCall, watchedSinceCall, watchedSinceReturn,
        },
    },
    addresses::LOSS_NOTICES as HOME,
};

/// Pause bit: notices, and the keeping of slashes.
const PAUSED_NOTICES: u8 = 0;
/// Pause bit: who is watched. Who is watched stays so.
const PAUSED_WATCHING: u8 = 1;

const PAUSED: Slot<U256> = Slot::on(HOME, 0);
/// Watched staker → the last block in which its stake changed by other than slashes.
const CHANGED: Map<Address, u64> = Map::on(HOME, 1);

fn key(set: &OperatorSet) -> B256 {
    operator_set::key(set.avs, set.id)
}

/// Begins or ends to note when a staker's stake changes. Notices are for slashes after the block of the beginning.
///
/// # Errors
/// `CurrentlyPaused`, `InvalidPermissions`.
fn set_watched(host: &mut dyn Host, call: setWatchedCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_WATCHING)?;
    let setWatchedCall { staker, watched } = call;
    let may = sender_can_act_for(host, staker)?;
    require(may, InvalidPermissions {})?;
    let mut row = STAKERS.get(host, staker)?;
    if row.is_watched == watched {
        return Ok(());
    }
    row.is_watched = watched;
    STAKERS.set(host, staker, row)?;
    let since = if watched { u64::from(now(host)) } else { 0 };
    CHANGED.set(host, staker, since)?;
    emit(host, &WatchSet { staker, watched })
}

/// Notes that the stake of a watched staker changes in this block, by a deposit, a withdrawal or a delegation.
///
/// # Errors
/// Out of gas, a static frame, or the node's.
pub(crate) fn note_change(host: &mut dyn Host, staker: Address, row: &Staker) -> Result<()> {
    if row.is_watched {
        let now = now(host);
        CHANGED.set(host, staker, now.into())?;
    }
    Ok(())
}

/// Writes what a slash took of a watched staker to the log, for anyone who asks.
///
/// # Errors
/// `CurrentlyPaused`, `NotWatched`, `SlashUnknown`, `PositionChanged`, `NothingLost`.
fn notice(host: &mut dyn Host, call: noticeCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_NOTICES)?;
    let noticeCall { staker, operatorSet: set, slashId: slash_id } = call;
    let (record, losses) = losses(host, staker, &set, slash_id)?;
    let SlashRecord { operator, block, .. } = record;
    emit(
        host,
        &LossNotice { staker, operator, operatorSet: set, slashId: slash_id, slashBlock: block, losses },
    )
}

/// What [`notice`] would write.
fn preview(view: &mut dyn View, call: previewCall) -> Result<previewReturn> {
    let previewCall { staker, operatorSet: set, slashId: slash_id } = call;
    let (record, losses) = losses(view, staker, &set, slash_id)?;
    Ok(previewReturn { operator: record.operator, slashBlock: record.block, losses })
}

/// Keeps the record of a slash, which otherwise goes when the slash is cleared, so that notices stay possible.
///
/// # Errors
/// `CurrentlyPaused`, `SlashUnknown`.
fn keep(host: &mut dyn Host, call: keepCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_NOTICES)?;
    let keepCall { operatorSet: set, slashId: slash_id } = call;
    let Some(record) = records::known(host, key(&set), slash_id)? else { return revert(SlashUnknown {}) };
    records::keep(host, key(&set), slash_id, &record)?;
    emit(host, &SlashKept { operatorSet: set, slashId: slash_id })
}

fn watched_since(view: &mut dyn View, call: watchedSinceCall) -> Result<watchedSinceReturn> {
    let watched = STAKERS.get(view, call.staker)?.is_watched;
    Ok(watchedSinceReturn { watched, changedBlock: CHANGED.get(view, call.staker)? as u32 })
}

/// What a slash took of a staker, by strategy. Nothing but slashes changed the stake since, so its shares and its
/// withdrawals are those of the slash's block; the magnitudes before and after are recorded with the slash.
fn losses(
    view: &mut dyn View,
    staker: Address,
    set: &OperatorSet,
    slash_id: U256,
) -> Result<(SlashRecord, Vec<StrategyLoss>)> {
    let row = STAKERS.get(view, staker)?;
    require(row.is_watched, NotWatched {})?;
    let Some(record) = records::known(view, key(set), slash_id)? else { return revert(SlashUnknown {}) };
    let changed = CHANGED.get(view, staker)? as u32;
    require(changed < record.block, PositionChanged { changedBlock: changed, slashBlock: record.block })?;
    let is_delegated = row.operator(staker) == record.operator;
    let withdrawals = withdrawals_of(view, staker)?;
    let mut losses = Vec::new();
    for cut in &record.cuts {
        let position = Position::load(view, staker, cut.strategy)?;
        let stake = Stake::of(view, staker, record.operator, cut.strategy, position)?;
        let shares = if is_delegated { stake.position.shares.0 } else { U256::ZERO };
        let lost = match is_delegated {
            true => sub(stake.worth(cut.before)?, stake.worth(cut.after)?)?,
            false => U256::ZERO,
        };
        let mut lost_in_queue = U256::ZERO;
        for withdrawal in &withdrawals {
            if reached(view, withdrawal, &record)? {
                let of_one = stake.lost_in(withdrawal, cut.before, cut.after)?;
                lost_in_queue = add(lost_in_queue, of_one)?;
            }
        }
        if !lost.is_zero() || !lost_in_queue.is_zero() {
            losses.push(StrategyLoss {
                strategy: cut.strategy,
                maxMagnitudeBefore: cut.before,
                maxMagnitudeAfter: cut.after,
                depositShares: shares,
                lostShares: lost,
                lostQueuedShares: lost_in_queue,
            });
        }
    }
    require(!losses.is_empty(), NothingLost {})?;
    Ok((record, losses))
}

/// Whether a withdrawal was in its window when the slash came.
fn reached(view: &mut dyn View, withdrawal: &Withdrawal, record: &SlashRecord) -> Result<bool> {
    let until = slashable_until(view, withdrawal.startBlock)?;
    Ok(withdrawal.delegatedTo == record.operator && record.block <= until)
}
