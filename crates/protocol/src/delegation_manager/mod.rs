//! DelegationManager: operators, who delegates to them, what their delegators' shares are worth, and the queue in
//! which stake waits before it leaves (restaking-core §1, §2.3, §4). Its state is the shared [`crate::ledger`].

mod completing;
mod delegation;
mod dispatch;
mod operators;
mod pods;
mod queue;
mod queueing;
mod slashes;
mod views;

#[cfg(test)]
mod tests;

pub use completing::{complete_queued_withdrawal, complete_queued_withdrawals};
pub use delegation::{delegate_to, increase_delegated, increase_delegated_shares, redelegate, undelegate};
pub use dispatch::main;
pub use operators::{modify_operator_details, register_as_operator, update_operator_metadata_uri};
pub(crate) use pods::slashing_factor as beacon_factor;
pub(crate) use queue::{all_of as withdrawals_of, slashable_until, withdrawal_root};
pub use queueing::queue_withdrawals;
pub(crate) use slashes::slashable_in_queue;
pub use slashes::{decrease_delegated_shares, first_slash_operator_shares, slash_operator_shares};
pub use views::is_operator;
pub(crate) use views::{deposits_of, shares_of};

use crate::{
    first_release,
    ledger::HOME,
    storage::{Map, Slot},
};
use alloy_primitives::{Address, B256, U256, b256};
use types::{Params, params::Roles};

/// keccak-256 of `DelegationApproval(address delegationApprover,address staker,address operator,bytes32 salt,uint256 expiry)`.
const DELEGATION_APPROVAL_TYPEHASH: B256 =
    b256!("0x14bde674c9f64b2ad00eaaee4a8bed1fabef35c7507e3c5b9cfc9436909a2dad");

/// Pause bit: new delegations.
const PAUSED_NEW_DELEGATION: u8 = 0;
/// Pause bit: entering the withdrawal queue.
const PAUSED_ENTER_WITHDRAWAL_QUEUE: u8 = 1;
/// Pause bit: leaving the withdrawal queue.
const PAUSED_EXIT_WITHDRAWAL_QUEUE: u8 = 2;

const PAUSED: Slot<U256> = Slot::on(HOME, 0);
/// Only in the slashing release.
const OWNER: Slot<Address> = Slot::on(HOME, 2);
/// (approver, salt) → whether a delegation used it.
const SPENT_SALTS: Map<(Address, B256), bool> = Map::on(HOME, 1);

/// The storage that a genesis state gives it.
pub fn genesis(params: &Params, roles: &Roles) -> Vec<(U256, U256)> {
    first_release::genesis(params, roles, &OWNER)
}
