//! EigenPodManager as the share manager of the beacon strategy (restaking-core §2.8): whose pods hold what, and what
//! the beacon chain took of it. Nobody can make a pod yet (`decisions.md` 77). Deposit shares lie in the ledger's
//! positions, as those of all strategies do.

mod dispatch;
mod shares;
#[cfg(test)]
mod tests;
mod views;

pub use dispatch::main;
pub use shares::{
    add_shares, credit, debit, first_increase_burnable_shares, increase_burnable_shares,
    withdraw_shares_as_tokens,
};

use crate::{
    guard::require_not_entered,
    host::{Host, Result, View, emit, require, revert},
    ledger::{Labelled, Position},
    ownable::require_owner,
    pausable::require_running,
    slashing::SlashingFactor,
    storage::{Map, Slot, Word},
};
use alloy_primitives::{Address, U256};
use types::{
    abi::IEigenPodManager::{
        CurrentlyPaused, OnlyDelegationManager, OnlyProofTimestampSetter, PectraForkTimestampSet,
        ProofTimestampSetterSet, createPodCall, setPectraForkTimestampCall, setProofTimestampSetterCall,
        stakeCall,
    },
    addresses::{BEACON_STRATEGY, DELEGATION_MANAGER, EIGEN_POD_MANAGER},
    params::Roles,
    units::{DepositShares, WAD},
};

/// Pause bit: new pods, and stake by them.
const PAUSED_NEW_EIGENPODS: u8 = 0;

const PAUSED: Slot<U256> = Slot::at(0);
const OWNER: Slot<Address> = Slot::at(1);
/// What slashes took of the beacon strategy. Nothing burns it.
const BURNABLE_SHARES: Slot<U256> = Slot::at(2);
const PROOF_TIMESTAMP_SETTER: Slot<Address> = Slot::at(3);
const PECTRA_FORK_TIMESTAMP: Slot<u64> = Slot::at(4);
const PODS: Map<Address, PodRow> = Map::on(EIGEN_POD_MANAGER, 5);

/// The pod of an owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct PodRow {
    pod: Address,
    /// How much the beacon chain took of each share, at most one, with 18 decimals.
    lost: u64,
}

impl Word for PodRow {
    fn to_word(self) -> U256 {
        Labelled { address: self.pod, small: 0, large: self.lost }.to_word()
    }

    fn from_word(word: U256) -> Self {
        let Labelled { address, large, .. } = Labelled::from_word(word);
        Self { pod: address, lost: large }
    }
}

impl PodRow {
    /// What the beacon chain has left of a share, 0 to [`WAD`].
    const fn factor(&self) -> u64 {
        WAD.saturating_sub(self.lost)
    }
}

/// The storage that a genesis state gives it: no pods, and none to be made.
pub fn genesis(roles: &Roles) -> Vec<(U256, U256)> {
    // The lowest bit is [`PAUSED_NEW_EIGENPODS`].
    vec![PAUSED.entry(U256::ONE), OWNER.entry(roles.owner)]
}

/// The raw entry that makes `pod` the pod of `owner`, for states that begin with pods.
pub fn pod_entry(owner: Address, pod: Address) -> (U256, U256) {
    PODS.entry(owner, PodRow { pod, lost: 0 })
}

/// A staker's deposit shares of the beacon strategy.
///
/// # Errors
/// Out of gas, or the node's.
pub fn deposit_shares<V: View + ?Sized>(view: &mut V, staker: Address) -> Result<DepositShares> {
    Ok(Position::load(view, staker, BEACON_STRATEGY)?.shares)
}

/// What the beacon chain has left of a staker's shares of the beacon strategy.
///
/// # Errors
/// Out of gas, or the node's.
pub fn slashing_factor<V: View + ?Sized>(view: &mut V, staker: Address) -> Result<SlashingFactor> {
    Ok(SlashingFactor::of_magnitude(PODS.get(view, staker)?.factor()))
}

/// # Errors
/// Always `CurrentlyPaused`: there are no pods before the base layer, whoever clears the bit.
fn create_pod(host: &mut dyn Host, _: createPodCall) -> Result<Address> {
    require_running(host, &PAUSED, PAUSED_NEW_EIGENPODS)?;
    revert(CurrentlyPaused {})
}

/// # Errors
/// As [`create_pod`].
fn stake(host: &mut dyn Host, _: stakeCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_NEW_EIGENPODS)?;
    revert(CurrentlyPaused {})
}

/// Names who may set the time of the Pectra fork.
///
/// # Errors
/// `Ownable: caller is not the owner`.
fn set_proof_timestamp_setter(host: &mut dyn Host, call: setProofTimestampSetterCall) -> Result<()> {
    require_owner(host, &OWNER)?;
    let setter = call.newProofTimestampSetter;
    PROOF_TIMESTAMP_SETTER.set(host, setter)?;
    emit(host, &ProofTimestampSetterSet { newProofTimestampSetter: setter })
}

/// Sets from when on proofs are of the Pectra fork's form, in seconds since 1970.
///
/// # Errors
/// `OnlyProofTimestampSetter`.
fn set_pectra_fork_timestamp(host: &mut dyn Host, call: setPectraForkTimestampCall) -> Result<()> {
    let setter = PROOF_TIMESTAMP_SETTER.get(host)?;
    require(host.msg().sender == setter, OnlyProofTimestampSetter {})?;
    PECTRA_FORK_TIMESTAMP.set(host, call.timestamp)?;
    emit(host, &PectraForkTimestampSet { newPectraForkTimestamp: call.timestamp })
}

/// Lets only DelegationManager pass, and nobody twice at a time.
fn require_delegation_manager(host: &mut dyn Host) -> Result<()> {
    require(host.msg().sender == DELEGATION_MANAGER, OnlyDelegationManager {})?;
    require_not_entered(host)
}
