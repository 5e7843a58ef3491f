//! Delegation: a staker puts all its stake under one operator, or takes it away.

use super::{
    DELEGATION_APPROVAL_TYPEHASH, PAUSED, PAUSED_ENTER_WITHDRAWAL_QUEUE, PAUSED_NEW_DELEGATION, SPENT_SALTS,
    pods, queueing::Exit, views::deposits_of,
};
use crate::{
    covenants, eip712,
    guard::{non_reentrant, require_not_entered},
    host::{Host, Result, View, emit, require},
    ledger::{Operator, Position, STAKERS, Staker},
    loss_notices::note_change,
    math::add,
    pausable::require_running,
    permission_controller::sender_can_act_for,
    signature,
    slashing::{SlashingFactor, withdrawable},
};
use alloy_primitives::{Address, B256};
use types::{
    abi::IDelegationManager::{
        ActivelyDelegated, CallerCannotUndelegate, DepositScalingFactorUpdated, FullySlashed,
        NotActivelyDelegated, OnlyStrategyManagerOrEigenPodManager, OperatorNotRegistered,
        OperatorSharesIncreased, OperatorsCannotUndelegate, SaltSpent, SignatureWithExpiry, StakerDelegated,
        StakerForceUndelegated, StakerUndelegated, calculateDelegationApprovalDigestHashCall, delegateToCall,
        increaseDelegatedSharesCall, redelegateCall, undelegateCall,
    },
    addresses::{EIGEN_POD_MANAGER, STRATEGY_MANAGER},
    units::{DepositShares, OperatorShares},
};

/// Puts the caller's stake under an operator.
///
/// # Errors
/// `ReentrancyGuard: reentrant call`, `ActivelyDelegated`, `OperatorNotRegistered`, with an approver `SaltSpent`,
/// `SignatureExpired`, `InvalidSignature`; with a policy `CovenantTooLoose`; then `CurrentlyPaused`, `FullySlashed`.
pub fn delegate_to(host: &mut dyn Host, call: delegateToCall) -> Result<()> {
    let delegateToCall { operator, approverSignatureAndExpiry: approval, approverSalt: salt } = call;
    non_reentrant(host, |host| join(host, operator, &approval, salt))
}

/// Queues all of a staker's stake for withdrawal and frees it from its operator. The staker may ask for it, and who
/// acts for the operator, and the operator's approver.
///
/// # Errors
/// `ReentrancyGuard: reentrant call`, `NotActivelyDelegated`, `OperatorsCannotUndelegate`, `CallerCannotUndelegate`,
/// `CurrentlyPaused`, those of queueing.
pub fn undelegate(host: &mut dyn Host, call: undelegateCall) -> Result<Vec<B256>> {
    non_reentrant(host, |host| leave(host, call.staker))
}

/// Undelegates the caller and delegates it anew. Its stake is in the queue meanwhile.
///
/// # Errors
/// As [`undelegate`], then as [`delegate_to`].
pub fn redelegate(host: &mut dyn Host, call: redelegateCall) -> Result<Vec<B256>> {
    let redelegateCall { newOperator: operator, newOperatorApproverSig: approval, approverSalt: salt } = call;
    let staker = host.msg().sender;
    let roots = non_reentrant(host, |host| leave(host, staker))?;
    non_reentrant(host, |host| join(host, operator, &approval, salt))?;
    Ok(roots)
}

fn join(host: &mut dyn Host, operator: Address, approval: &SignatureWithExpiry, salt: B256) -> Result<()> {
    let staker = host.msg().sender;
    let mut row = STAKERS.get(host, staker)?;
    require(!row.is_delegated(), ActivelyDelegated {})?;
    let target = STAKERS.get(host, operator)?;
    require(target.is_operator(), OperatorNotRegistered {})?;
    let approver = target.approver();
    if !approver.is_zero() {
        check_approval(host, staker, operator, approver, approval, salt)?;
    }
    if row.has_policy {
        covenants::require_implied(host, operator, staker)?;
    }
    delegate(host, staker, operator, &mut row)
}

/// Spends the salt before it looks at the signature; a failure undoes both.
fn check_approval(
    host: &mut dyn Host,
    staker: Address,
    operator: Address,
    approver: Address,
    approval: &SignatureWithExpiry,
    salt: B256,
) -> Result<()> {
    let is_spent = SPENT_SALTS.get(host, (approver, salt))?;
    require(!is_spent, SaltSpent {})?;
    SPENT_SALTS.set(host, (approver, salt), true)?;
    let SignatureWithExpiry { signature, expiry } = approval;
    let signed = calculateDelegationApprovalDigestHashCall {
        staker,
        operator,
        approver,
        approverSalt: salt,
        expiry: *expiry,
    };
    let digest = approval_digest(host, signed)?;
    signature::require_valid(host, approver, digest, signature, *expiry)
}

/// What an approver signs to let a staker delegate.
///
/// # Errors
/// Out of gas.
pub(super) fn approval_digest(
    view: &mut (impl View + ?Sized),
    call: calculateDelegationApprovalDigestHashCall,
) -> Result<B256> {
    let fields = [
        DELEGATION_APPROVAL_TYPEHASH,
        eip712::word(call.approver),
        eip712::word(call.staker),
        eip712::word(call.operator),
        call.approverSalt,
        call.expiry.into(),
    ];
    Ok(eip712::digest(view, &fields)?)
}

/// Delegates `staker`, whose row is `row`. Slashes that the operator suffered before do not bite: each scaling factor
/// is divided by the operator's magnitude.
///
/// # Errors
/// `CurrentlyPaused`, `FullySlashed`, `Panic(0x11)`.
pub(super) fn delegate(
    host: &mut dyn Host,
    staker: Address,
    operator: Address,
    row: &mut Staker,
) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_NEW_DELEGATION)?;
    if !row.is_operator() {
        row.delegate(operator);
    }
    STAKERS.set(host, staker, *row)?;
    note_change(host, staker, row)?;
    emit(host, &StakerDelegated { staker, operator })?;
    for (strategy, mut position, deposited) in deposits_of(host, staker, row)? {
        let mut added = deposited;
        if pods::is_beacon(strategy) {
            let beacon = pods::slashing_factor(host, staker, strategy)?;
            added = DepositShares(withdrawable(deposited, position.scaling, beacon)?.0);
        }
        let before = position;
        Increase {
            staker,
            operator,
            strategy,
            before: DepositShares::ZERO,
            added,
            beacon: SlashingFactor::FULL,
        }
        .apply(host, &mut position)?;
        if position != before {
            position.store(host, staker, strategy)?;
        }
    }
    Ok(())
}

fn leave(host: &mut dyn Host, staker: Address) -> Result<Vec<B256>> {
    let mut row = STAKERS.get(host, staker)?;
    require(row.is_delegated(), NotActivelyDelegated {})?;
    require(!row.is_operator(), OperatorsCannotUndelegate {})?;
    let operator = row.operator(staker);
    let sender = host.msg().sender;
    if sender != staker {
        let may = sender_can_act_for(host, operator)? || STAKERS.get(host, operator)?.approver() == sender;
        require(may, CallerCannotUndelegate {})?;
        emit(host, &StakerForceUndelegated { staker, operator })?;
    }
    require_running(host, &PAUSED, PAUSED_ENTER_WITHDRAWAL_QUEUE)?;
    row.delegate(Address::ZERO);
    STAKERS.set(host, staker, row)?;
    note_change(host, staker, &row)?;
    emit(host, &StakerUndelegated { staker, operator })?;
    let deposits = deposits_of(host, staker, &row)?;
    let mut exit = Exit { staker, operator, row };
    deposits
        .into_iter()
        .map(|(strategy, _, deposited)| exit.queue(host, vec![strategy], vec![deposited.0]))
        .collect()
}

/// The verb `increaseDelegatedShares`: a share manager tells of new deposit shares.
///
/// # Errors
/// As [`increase_delegated`].
pub fn increase_delegated_shares(host: &mut dyn Host, call: increaseDelegatedSharesCall) -> Result<()> {
    let mut position = Position::load(host, call.staker, call.strategy)?;
    increase_delegated(host, &call, &mut position)?;
    Ok(position.store(host, call.staker, call.strategy)?)
}

/// [`increase_delegated_shares`] on a position in hand, which the caller must store.
///
/// # Errors
/// `OnlyStrategyManagerOrEigenPodManager`, `ReentrancyGuard: reentrant call`, those of `Increase::apply`.
pub fn increase_delegated(
    host: &mut dyn Host,
    call: &increaseDelegatedSharesCall,
    position: &mut Position,
) -> Result<()> {
    let is_manager = [STRATEGY_MANAGER, EIGEN_POD_MANAGER].contains(&host.msg().sender);
    require(is_manager, OnlyStrategyManagerOrEigenPodManager {})?;
    require_not_entered(host)?;
    let increaseDelegatedSharesCall { staker, strategy, prevDepositShares, addedShares } = *call;
    let row = STAKERS.get(host, staker)?;
    note_change(host, staker, &row)?;
    let operator = row.operator(staker);
    let beacon = pods::slashing_factor(host, staker, strategy)?;
    let (before, added) = (DepositShares(prevDepositShares), DepositShares(addedShares));
    Increase { staker, operator, strategy, before, added, beacon }.apply(host, position)
}

/// New deposit shares of a staker in a strategy, to be counted to its operator (zero: none).
pub(super) struct Increase {
    pub staker: Address,
    pub operator: Address,
    pub strategy: Address,
    /// The staker's deposit shares so far; zero on delegation.
    pub before: DepositShares,
    pub added: DepositShares,
    /// What the beacon chain has left; full but for the beacon strategy.
    pub beacon: SlashingFactor,
}

impl Increase {
    /// Updates the scaling factor in `position`, which the caller must store, and the operator's shares.
    ///
    /// # Errors
    /// `FullySlashed` even where nothing is added, `InvalidDepositScalingFactor`, `Panic(0x11)`.
    pub fn apply(self, host: &mut dyn Host, position: &mut Position) -> Result<()> {
        let Self { staker, operator, strategy, before, added, beacon } = self;
        let mut stake = match operator {
            Address::ZERO => Operator::default(),
            operator => Operator::load(host, operator, strategy)?,
        };
        let f = stake.slashing_factor().times(beacon);
        require(!f.is_zero(), FullySlashed {})?;
        if added.is_zero() {
            return Ok(());
        }
        position.scaling = position.scaling.after(before, added, f, host.params().rules)?;
        let event = DepositScalingFactorUpdated {
            staker,
            strategy,
            newDepositScalingFactor: position.scaling.value(),
        };
        emit(host, &event)?;
        if operator.is_zero() {
            return Ok(());
        }
        stake.shares = OperatorShares(add(stake.shares.0, added.0)?);
        stake.store(host, operator, strategy)?;
        emit(host, &OperatorSharesIncreased { operator, staker, strategy, shares: added.0 })
    }
}
