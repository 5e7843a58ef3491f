//! Verbs of the EigenPodManager that need no beacon chain: pods tell of their balances, the rest is refused.

use super::{Draw, Drawn, Kind, WAD, call};
use crate::differential::props::{IProp, PODS};
use alloy_primitives::{I256, U256};
use types::{
    abi::IEigenPodManager as Pods,
    addresses::{BEACON_STRATEGY, EIGEN_POD_MANAGER},
};

const TO: alloy_primitives::Address = EIGEN_POD_MANAGER;
const GWEI: u64 = 1_000_000_000;

/// The kinds with their weights.
pub const KINDS: &[Kind] = &[(8, balance), (2, managers_only), (2, mood)];

/// A pod tells of a gain or a loss.
pub fn balance(draw: &mut Draw<'_>) -> Drawn {
    let (podOwner, pod) = draw.chance.pick(&draw.scene.pods);
    let held = draw.ask(TO, Pods::podOwnerDepositSharesCall { podOwner })?.unwrap_or_default();
    let held = if held.is_positive() { held.into_raw() } else { U256::from(32) * U256::from(WAD) };
    let gwei = U256::from(GWEI);
    let amount = match draw.chance.below(10) {
        0..4 => U256::from(32) * U256::from(WAD),
        4 => gwei,
        5 => held / gwei * gwei,
        6 => held / U256::from(2) / gwei * gwei,
        7 => held / U256::from(3) / gwei * gwei,
        8 => U256::ONE << 200,
        _ => draw.amount(),
    };
    let amount = I256::try_from(amount).unwrap_or(I256::MAX);
    let balanceDeltaWei = if draw.chance.one_in(2) { amount } else { -amount };
    let prevRestakedBalanceWei = if draw.chance.one_in(20) { draw.amount() } else { held };
    let podOwner = if draw.chance.one_in(30) { draw.staker() } else { podOwner };
    let update =
        Pods::recordBeaconChainETHBalanceUpdateCall { podOwner, prevRestakedBalanceWei, balanceDeltaWei };
    call(pod, TO, update)
}

/// What only the DelegationManager may ask.
fn managers_only(draw: &mut Draw<'_>) -> Drawn {
    let (from, staker, shares) = (draw.anyone(), draw.staker(), draw.amount());
    let strategy = if draw.chance.one_in(3) { draw.strategy() } else { BEACON_STRATEGY };
    match draw.chance.below(3) {
        0 => call(from, TO, Pods::addSharesCall { staker, strategy, shares }),
        1 => {
            let remove = Pods::removeDepositSharesCall { staker, strategy, depositSharesToRemove: shares };
            call(from, TO, remove)
        }
        _ => {
            let token = draw.token_of(strategy);
            call(from, TO, Pods::withdrawSharesAsTokensCall { staker, strategy, token, shares })
        }
    }
}

/// Whether pods pay.
fn mood(draw: &mut Draw<'_>) -> Drawn {
    let (from, pod) = (draw.anyone(), draw.chance.pick(&PODS));
    let mood = u64::from(draw.chance.one_in(3));
    call(from, pod, IProp::setMoodCall { mood })
}
