//! Who is registered where, from the two events that say so, in ranges of blocks that the provider accepts: halved where
//! it refuses, doubled again after some that it accepted.

use super::{
    book::Contracts,
    provider::{Provider, Trouble},
    snapshot::{SetName, Snapshot},
};
use crate::failure::Failure;
use alloy_primitives::{Address, B256, Bytes, LogData};
use alloy_sol_types::SolEvent;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde_json::json;
use std::time::{Duration, Instant};
use types::abi::{
    IAVSDirectory::OperatorAVSRegistrationStatusUpdated as Registered, IAllocationManager::OperatorSetCreated,
};

/// Blocks asked for at first.
const FIRST_RANGE: u64 = 10_000;
/// Blocks asked for at most.
const MOST_RANGE: u64 = 1_000_000;
/// Ranges accepted in a row before a longer one is tried.
const ENCOURAGEMENT: u32 = 4;
/// Time between two savings of what was read.
const SAVE_EVERY: Duration = Duration::from_secs(5);

/// How many blocks to ask for.
#[derive(Debug)]
struct Pace {
    range: u64,
    accepted: u32,
}

impl Pace {
    const START: Self = Self { range: FIRST_RANGE, accepted: 0 };

    fn accept(&mut self) {
        self.accepted = self.accepted.saturating_add(1);
        if self.accepted >= ENCOURAGEMENT {
            *self = Self { range: self.range.saturating_mul(2).min(MOST_RANGE), accepted: 0 };
        }
    }

    /// Whether there is less to ask for.
    fn refuse(&mut self) -> bool {
        let half = self.range.checked_div(2).unwrap_or_default();
        let can = half > 0;
        *self = Self { range: half.max(1), accepted: 0 };
        can
    }
}

#[derive(Debug, Deserialize)]
struct Log {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
    #[serde(default)]
    removed: bool,
}

/// Reads on to block `last`; what was read is given to `save` now and then, and at the end.
///
/// # Errors
/// The provider refuses even single blocks, or answers something else.
pub fn read_on(
    provider: &Provider,
    snapshot: &mut Snapshot,
    last: u64,
    save: &mut dyn FnMut(&Snapshot) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let bar = bar(snapshot.next_block, last);
    let mut pace = Pace::START;
    let mut saved = Instant::now();
    while snapshot.next_block <= last {
        let from = snapshot.next_block;
        let to = from.saturating_add(pace.range.saturating_sub(1)).min(last);
        match logs(provider, &snapshot.contracts, from, to) {
            Ok(logs) => {
                for log in &logs {
                    apply(snapshot, log)?;
                }
                snapshot.next_block = to.saturating_add(1);
                pace.accept();
                bar.inc(to.saturating_sub(from).saturating_add(1));
            }
            Err(Trouble::Refused(why)) => {
                // The end of the chain may be nearer than the range.
                pace.range = pace.range.min(to.saturating_sub(from).saturating_add(1));
                if !pace.refuse() {
                    return Err(Failure::new(format!("the node refuses the events of block {from}: {why}")));
                }
                bar.set_message(format!("events; {} blocks at a time: {why}", pace.range));
            }
            Err(Trouble::Broken(failure)) => return Err(failure),
        }
        if saved.elapsed() >= SAVE_EVERY {
            note_last(provider, snapshot)?;
            save(snapshot)?;
            saved = Instant::now();
        }
    }
    bar.finish_and_clear();
    note_last(provider, snapshot)?;
    save(snapshot)
}

/// Notes the hash of the last block read, by which another chain is known when reading goes on.
fn note_last(provider: &Provider, snapshot: &mut Snapshot) -> Result<(), Failure> {
    let Some(last) = snapshot.next_block.checked_sub(1) else { return Ok(()) };
    let block = provider.block(&json!(format!("{last:#x}")))?;
    snapshot.last_hash = block.map(|block| block.hash);
    Ok(())
}

fn bar(from: u64, to: u64) -> ProgressBar {
    let bar = ProgressBar::new(to.saturating_add(1).saturating_sub(from));
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40.blue} {human_pos} of {human_len} blocks {eta} {msg}")
    {
        bar.set_style(style.progress_chars("■■·"));
    }
    bar.set_message("events");
    bar
}

fn logs(provider: &Provider, contracts: &Contracts, from: u64, to: u64) -> Result<Vec<Log>, Trouble> {
    let filter = json!([{
        "fromBlock": format!("{from:#x}"),
        "toBlock": format!("{to:#x}"),
        "address": [contracts.avs_directory, contracts.allocation_manager],
        "topics": [[Registered::SIGNATURE_HASH, OperatorSetCreated::SIGNATURE_HASH]],
    }]);
    let answer = provider.ask("eth_getLogs", &filter)?;
    serde_json::from_value(answer)
        .map_err(|error| Trouble::Broken(Failure::new(format!("eth_getLogs answers no logs: {error}"))))
}

fn apply(snapshot: &mut Snapshot, log: &Log) -> Result<(), Failure> {
    if log.removed {
        return Ok(());
    }
    let data = LogData::new_unchecked(log.topics.clone(), log.data.clone());
    let wrong =
        |error| Failure::new(format!("an event of {} is not what it should be: {error}", log.address));
    match log.topics.first() {
        Some(&Registered::SIGNATURE_HASH) if log.address == snapshot.contracts.avs_directory => {
            let Registered { operator, avs, status } = Registered::decode_log_data(&data).map_err(wrong)?;
            let operators = snapshot.registered.entry(avs).or_default();
            // 0: unregistered, 1: registered.
            if status == 1 {
                operators.insert(operator)
            } else {
                operators.remove(&operator)
            };
        }
        Some(&OperatorSetCreated::SIGNATURE_HASH) if log.address == snapshot.contracts.allocation_manager => {
            let set = OperatorSetCreated::decode_log_data(&data).map_err(wrong)?.operatorSet;
            snapshot.sets.insert(SetName { avs: set.avs, id: set.id });
        }
        // Some providers take topics for a hint.
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_halved_when_refused_and_grow_back() {
        let mut pace = Pace::START;
        assert!(pace.refuse() && pace.refuse());
        assert_eq!(pace.range, 2_500);
        for _ in 0..ENCOURAGEMENT {
            pace.accept();
        }
        assert_eq!(pace.range, 5_000);
        let halvings = std::iter::from_fn(|| pace.refuse().then_some(())).count();
        assert_eq!((halvings, pace.range), (12, 1));
        for _ in 0..1_000 {
            pace.accept();
        }
        assert_eq!(pace.range, MOST_RANGE);
    }
}
