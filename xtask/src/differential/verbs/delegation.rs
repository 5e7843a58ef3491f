//! Verbs of the DelegationManager.

use super::{Draw, Drawn, Kind, call};
use crate::differential::scene::NOBODY;
use alloy_primitives::{Address, B256, Bytes, U256};
use anyhow::Result;
use types::{
    abi::IDelegationManager::{self as Delegation, SignatureWithExpiry, Withdrawal},
    addresses::{DELEGATION_MANAGER, EIGEN_POD_MANAGER, STRATEGY_MANAGER},
};

/// The kinds with their weights.
pub const KINDS: &[Kind] = &[
    (3, register),
    (2, details),
    (1, metadata),
    (10, delegate),
    (4, undelegate),
    (4, redelegate),
    (12, queue),
    (10, complete),
    (4, complete_many),
    (2, managers_only),
];

/// Becoming an operator.
fn register(draw: &mut Draw<'_>) -> Drawn {
    let from = if draw.chance.one_in(12) { draw.staker() } else { draw.operator() };
    let approver = draw.chance.pick(&[Address::ZERO, draw.scene.approvers[0], draw.scene.approvers[1]]);
    let allocationDelay = draw.chance.pick(&[0, 0, 0, 1, 5, u32::MAX]);
    let metadataURI = draw.chance.pick(&["", "https://example.org/operator.json"]).to_owned();
    let register =
        Delegation::registerAsOperatorCall { initDelegationApprover: approver, allocationDelay, metadataURI };
    call(from, DELEGATION_MANAGER, register)
}

fn details(draw: &mut Draw<'_>) -> Drawn {
    let operator = draw.operator();
    let newDelegationApprover =
        draw.chance.pick(&[Address::ZERO, Address::ZERO, draw.scene.approvers[0], draw.scene.approvers[1]]);
    let from = draw.acting_for(operator);
    call(from, DELEGATION_MANAGER, Delegation::modifyOperatorDetailsCall { operator, newDelegationApprover })
}

fn metadata(draw: &mut Draw<'_>) -> Drawn {
    let operator = draw.operator();
    let from = draw.acting_for(operator);
    let metadataURI = "ipfs://operator".to_owned();
    call(from, DELEGATION_MANAGER, Delegation::updateOperatorMetadataURICall { operator, metadataURI })
}

/// Delegating, with an approval where the operator wants one.
pub fn delegate(draw: &mut Draw<'_>) -> Drawn {
    let (staker, operator) = (draw.delegated(false)?, draw.operator());
    let (approverSignatureAndExpiry, approverSalt) = draw.approval(staker, operator)?;
    let delegate = Delegation::delegateToCall { operator, approverSignatureAndExpiry, approverSalt };
    call(staker, DELEGATION_MANAGER, delegate)
}

fn undelegate(draw: &mut Draw<'_>) -> Drawn {
    let staker = draw.delegated(true)?;
    let operator = draw.ask(DELEGATION_MANAGER, Delegation::delegatedToCall { staker })?;
    let from = match operator {
        Some(operator) if draw.chance.one_in(3) => {
            if draw.chance.one_in(3) {
                let approver = Delegation::delegationApproverCall { operator };
                draw.ask(DELEGATION_MANAGER, approver)?.unwrap_or(operator)
            } else {
                draw.acting_for(operator)
            }
        }
        _ => staker,
    };
    call(from, DELEGATION_MANAGER, Delegation::undelegateCall { staker })
}

fn redelegate(draw: &mut Draw<'_>) -> Drawn {
    let (staker, newOperator) = (draw.delegated(true)?, draw.operator());
    let (newOperatorApproverSig, approverSalt) = draw.approval(staker, newOperator)?;
    let redelegate = Delegation::redelegateCall { newOperator, newOperatorApproverSig, approverSalt };
    call(staker, DELEGATION_MANAGER, redelegate)
}

fn queue(draw: &mut Draw<'_>) -> Drawn {
    let staker = draw.staker();
    let held = draw.ask(DELEGATION_MANAGER, Delegation::getDepositedSharesCall { staker })?;
    let held: Vec<(Address, U256)> = held.map_or_else(Vec::new, |it| it._0.into_iter().zip(it._1).collect());
    if held.is_empty() && !draw.chance.one_in(10) {
        return Ok(None);
    }
    let count = 1 + u64::from(draw.chance.one_in(6));
    let mut params = Vec::new();
    for _ in 0..count {
        let mut strategies = Vec::new();
        let mut depositShares = Vec::new();
        for (strategy, shares) in &held {
            if draw.chance.one_in(2) || held.len() == 1 {
                strategies.push(*strategy);
                depositShares.push(draw.part_of(*shares));
            }
        }
        match draw.chance.below(14) {
            // The same strategy twice.
            0 => {
                strategies.extend(strategies.first().copied());
                depositShares.extend(depositShares.first().copied());
            }
            1 => {
                strategies.push(draw.strategy());
                depositShares.push(draw.amount());
            }
            2 => strategies.extend(held.first().map(|it| it.0)),
            _ => {}
        }
        let __deprecated_withdrawer = draw.chance.pick(&[Address::ZERO, NOBODY]);
        params.push(Delegation::QueuedWithdrawalParams {
            strategies,
            depositShares,
            __deprecated_withdrawer,
        });
    }
    call(staker, DELEGATION_MANAGER, Delegation::queueWithdrawalsCall { params })
}

fn complete(draw: &mut Draw<'_>) -> Drawn {
    let Some((staker, withdrawals)) = draw.queued()? else { return Ok(None) };
    // The oldest most often: the others must wait.
    let at = if draw.chance.one_in(3) { draw.chance.index(withdrawals.len()) } else { 0 };
    let mut withdrawal = withdrawals[at].clone();
    let mut tokens: Vec<Address> =
        withdrawal.strategies.iter().map(|strategy| draw.token_of(*strategy)).collect();
    match draw.chance.below(24) {
        0 => tokens.truncate(tokens.len() - 1),
        1 => tokens.push(NOBODY),
        2 => withdrawal.nonce += U256::ONE,
        3 => withdrawal.startBlock += 1,
        4 => withdrawal.withdrawer = NOBODY,
        5 => withdrawal.scaledShares.iter_mut().for_each(|shares| *shares += U256::ONE),
        _ => {}
    }
    let receiveAsTokens = draw.chance.one_in(2);
    let complete = Delegation::completeQueuedWithdrawalCall { withdrawal, tokens, receiveAsTokens };
    call(staker, DELEGATION_MANAGER, complete)
}

fn complete_many(draw: &mut Draw<'_>) -> Drawn {
    let Some((staker, withdrawals)) = draw.queued()? else { return Ok(None) };
    let count = 1 + draw.chance.index(withdrawals.len());
    let mut withdrawals: Vec<Withdrawal> = withdrawals.into_iter().take(count).collect();
    if draw.chance.one_in(12) {
        withdrawals.extend(withdrawals.first().cloned());
    }
    let token = |draw: &mut Draw<'_>, it: &Withdrawal| {
        it.strategies.iter().map(|strategy| draw.token_of(*strategy)).collect()
    };
    let mut tokens: Vec<Vec<Address>> = withdrawals.iter().map(|it| token(draw, it)).collect();
    let mut receiveAsTokens: Vec<bool> = withdrawals.iter().map(|_| draw.chance.one_in(2)).collect();
    match draw.chance.below(16) {
        0 => drop(tokens.pop()),
        1 => drop(receiveAsTokens.pop()),
        2 => receiveAsTokens.push(true),
        3 => tokens.push(Vec::new()),
        _ => {}
    }
    let complete = Delegation::completeQueuedWithdrawalsCall { withdrawals, tokens, receiveAsTokens };
    call(staker, DELEGATION_MANAGER, complete)
}

/// What only the managers may ask, mostly by somebody else.
fn managers_only(draw: &mut Draw<'_>) -> Drawn {
    let (staker, strategy, shares) = (draw.staker(), draw.strategy(), draw.amount());
    let from = draw.anyone();
    let to = DELEGATION_MANAGER;
    match draw.chance.below(4) {
        0 => {
            let from = if draw.chance.one_in(2) { STRATEGY_MANAGER } else { from };
            let (prevDepositShares, addedShares) = (U256::ZERO, shares.min(U256::from(1_000)));
            let call_data =
                Delegation::increaseDelegatedSharesCall { staker, strategy, prevDepositShares, addedShares };
            call(from, to, call_data)
        }
        1 => {
            let from = if draw.chance.one_in(2) { EIGEN_POD_MANAGER } else { from };
            let decrease = Delegation::decreaseDelegatedSharesCall {
                staker,
                curDepositShares: shares,
                beaconChainSlashingFactorDecrease: 1,
            };
            call(from, to, decrease)
        }
        _ => {
            let from = draw.staker();
            let increase = Delegation::increaseDelegatedSharesCall {
                staker,
                strategy,
                prevDepositShares: U256::ZERO,
                addedShares: shares,
            };
            call(from, to, increase)
        }
    }
}

impl Draw<'_> {
    /// A staker who has delegated, or has not.
    fn delegated(&mut self, has: bool) -> Result<Address> {
        self.until(Self::staker, |draw, staker| {
            let operator = draw.ask(DELEGATION_MANAGER, Delegation::delegatedToCall { staker: *staker })?;
            Ok(operator.is_some_and(|it| it != Address::ZERO) == has)
        })
    }

    /// An approval of `staker` joining `operator`: empty where none is wanted.
    fn approval(&mut self, staker: Address, operator: Address) -> Result<(SignatureWithExpiry, B256)> {
        let approver = Delegation::delegationApproverCall { operator };
        let approver = self.ask(DELEGATION_MANAGER, approver)?.unwrap_or_default();
        let (salt, expiry) = (self.salt(), self.expiry());
        if approver.is_zero() {
            return Ok((SignatureWithExpiry { signature: Bytes::new(), expiry }, salt));
        }
        let digest = Delegation::calculateDelegationApprovalDigestHashCall {
            staker,
            operator,
            approver,
            approverSalt: salt,
            expiry,
        };
        let digest = self.ask(DELEGATION_MANAGER, digest)?.unwrap_or_default();
        let signature = self.signature(approver, digest)?;
        Ok((SignatureWithExpiry { signature, expiry }, salt))
    }

    /// A staker with withdrawals that wait, and those.
    fn queued(&mut self) -> Result<Option<(Address, Vec<Withdrawal>)>> {
        for _ in 0..8 {
            let staker = self.staker();
            let call = Delegation::getQueuedWithdrawalsCall { staker };
            let queued = self.ask(DELEGATION_MANAGER, call)?;
            if let Some(queued) = queued.filter(|it| !it.withdrawals.is_empty()) {
                let mut withdrawals = queued.withdrawals;
                withdrawals.sort_by_key(|it| it.startBlock);
                return Ok(Some((staker, withdrawals)));
            }
        }
        Ok(None)
    }
}
