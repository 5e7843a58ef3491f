//! What a block did to the state: revm's journal after its last transaction against what the block began with.

use super::database::BlockDatabase;
use alloy_primitives::{Address, KECCAK256_EMPTY, U256};
use revm::state::{Account as Journaled, AccountStatus, EvmState};
use state::{Account, AccountChange, Changes};

/// All accounts and slots that differ, in no particular order.
pub(super) fn collect(state: EvmState, before: &BlockDatabase<'_>) -> Changes {
    let mut changes = Changes::default();
    for (address, account) in state {
        if account.is_touched() {
            add(&mut changes, address, account, before);
        }
    }
    changes
}

fn add(changes: &mut Changes, address: Address, account: Journaled, before: &BlockDatabase<'_>) {
    let was = before.account_before(address);
    // An account that a transaction destroyed and a later one loaded again was reset by that load.
    let is_gone = account.is_selfdestructed_locally() || account.is_empty();
    if is_gone {
        if was.is_some() {
            changes.accounts.push(AccountChange { address, account: None, wiped: true, slots: Vec::new() });
        }
        return;
    }
    let restarted = account.status.intersects(AccountStatus::Created | AccountStatus::SelfDestructed);
    let wiped = restarted && was.is_some();
    let slots: Vec<(U256, U256)> = account
        .storage
        .iter()
        .filter_map(|(slot, held)| {
            let was = if restarted { U256::ZERO } else { before.slot_before(address, *slot) };
            (held.present_value != was).then_some((*slot, held.present_value))
        })
        .collect();
    let info = account.info;
    let now = Account { nonce: info.nonce, balance: info.balance, code_hash: info.code_hash };
    if was == Some(now) && slots.is_empty() && !wiped {
        return;
    }
    let had_code = was.map_or(KECCAK256_EMPTY, |was| was.code_hash);
    if let Some(code) = info.code
        && info.code_hash != had_code
        && info.code_hash != KECCAK256_EMPTY
    {
        changes.code.push((info.code_hash, code.original_bytes()));
    }
    changes.accounts.push(AccountChange { address, account: Some(now), wiped, slots });
}
