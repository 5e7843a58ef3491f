//! Stake enters the queue: it leaves the operator's shares and the staker's deposits at once, but stays slashable
//! for the withdrawal delay.

use super::{
    PAUSED, PAUSED_ENTER_WITHDRAWAL_QUEUE, pods,
    queue::{self, withdrawal_root},
};
use crate::{
    guard::non_reentrant,
    history::{self, now},
    host::{Host, Result, call_native, emit, require},
    ledger::{Operator, Position, STAKERS, Staker},
    loss_notices::note_change,
    math::sub,
    pausable::require_running,
    slashing::{ScalingFactor, completed, queued, scaled},
    strategy_manager,
};
use alloy_primitives::{Address, B256, U256};
use types::{
    Rules,
    abi::{
        IDelegationManager::{
            DepositScalingFactorUpdated, InputAddressZero, InputArrayLengthMismatch, InputArrayLengthZero,
            OperatorSharesDecreased, QueuedWithdrawalParams, SlashingWithdrawalQueued, Withdrawal,
            queueWithdrawalsCall,
        },
        IStrategyManager::removeDepositSharesCall,
    },
    addresses::STRATEGY_MANAGER,
    units::{DepositShares, OperatorShares, ScaledShares, WithdrawableShares},
};

/// Queues withdrawals of the caller, one for each item, and returns their roots.
///
/// # Errors
/// `CurrentlyPaused`, `ReentrancyGuard: reentrant call`, for each item `InputArrayLengthMismatch` and those of
/// `Exit::queue`.
pub fn queue_withdrawals(host: &mut dyn Host, call: queueWithdrawalsCall) -> Result<Vec<B256>> {
    require_running(host, &PAUSED, PAUSED_ENTER_WITHDRAWAL_QUEUE)?;
    non_reentrant(host, |host| {
        let staker = host.msg().sender;
        let row = STAKERS.get(host, staker)?;
        let mut exit = Exit { staker, operator: row.operator(staker), row };
        let queue_one = |params: QueuedWithdrawalParams| {
            let QueuedWithdrawalParams { strategies, depositShares: shares, .. } = params;
            require(strategies.len() == shares.len(), InputArrayLengthMismatch {})?;
            exit.queue(host, strategies, shares)
        };
        call.params.into_iter().map(queue_one).collect()
    })
}

/// A staker whose stake goes into the queue.
pub(super) struct Exit {
    pub staker: Address,
    /// Whose slashes the stake still suffers; zero if nobody's.
    pub operator: Address,
    /// The staker's row, which [`Exit::queue`] stores.
    pub row: Staker,
}

impl Exit {
    /// Queues one withdrawal of deposit shares, as many as strategies, and returns its root.
    ///
    /// # Errors
    /// `InputAddressZero`, `InputArrayLengthZero`, `Panic(0x11)` if the operator has not enough shares, then the
    /// share manager's.
    pub fn queue(
        &mut self,
        host: &mut dyn Host,
        strategies: Vec<Address>,
        shares: Vec<U256>,
    ) -> Result<B256> {
        require(!self.staker.is_zero(), InputAddressZero {})?;
        require(!strategies.is_empty(), InputArrayLengthZero {})?;
        let mut scaled_shares = Vec::with_capacity(strategies.len());
        let mut worth = Vec::with_capacity(strategies.len());
        for (strategy, shares) in strategies.iter().zip(shares) {
            let (scaled, withdrawable) = self.release(host, *strategy, DepositShares(shares))?;
            scaled_shares.push(scaled.0);
            worth.push(withdrawable.0);
        }
        let withdrawal = Withdrawal {
            staker: self.staker,
            delegatedTo: self.operator,
            withdrawer: self.staker,
            nonce: U256::from(self.row.nonce),
            startBlock: now(host),
            strategies,
            scaledShares: scaled_shares,
        };
        let root = withdrawal_root(host, &withdrawal)?;
        queue::push(host, &mut self.row, root, &withdrawal)?;
        STAKERS.set(host, self.staker, self.row)?;
        note_change(host, self.staker, &self.row)?;
        emit(host, &SlashingWithdrawalQueued { withdrawalRoot: root, withdrawal, sharesToWithdraw: worth })?;
        Ok(root)
    }

    /// Takes deposit shares from the staker and what they are worth from the operator. Factors are read here and not
    /// before the loop, as the originals do: nothing within the loop can slash, for that needs this contract.
    fn release(
        &mut self,
        host: &mut dyn Host,
        strategy: Address,
        shares: DepositShares,
    ) -> Result<(ScaledShares, WithdrawableShares)> {
        let (staker, operator) = (self.staker, self.operator);
        let mut position = Position::load(host, staker, strategy)?;
        let mut stake = match operator {
            Address::ZERO => Operator::default(),
            operator => Operator::load(host, operator, strategy)?,
        };
        let f = stake.slashing_factor().times(pods::slashing_factor(host, staker, strategy)?);
        let c = scaled(shares, position.scaling)?;
        let a = completed(c, f)?;
        if !operator.is_zero() {
            let rules = host.params().rules;
            history::push_queued(host, operator, strategy, queued(c, a, f, rules)?)?;
            let removed = removable(rules, strategy, stake.shares, a);
            stake.shares = OperatorShares(sub(stake.shares.0, removed.0)?);
            stake.store(host, operator, strategy)?;
            emit(host, &OperatorSharesDecreased { operator, staker, strategy, shares: removed.0 })?;
        }
        let left = self.remove_deposit(host, strategy, shares, &mut position)?;
        if left.is_zero() {
            position.scaling = ScalingFactor::UNSET;
            let one = position.scaling.value();
            emit(host, &DepositScalingFactorUpdated { staker, strategy, newDepositScalingFactor: one })?;
        }
        position.store(host, staker, strategy)?;
        Ok((c, a))
    }

    /// Has the strategy's share manager take deposit shares, and answers with those left.
    fn remove_deposit(
        &mut self,
        host: &mut dyn Host,
        strategy: Address,
        shares: DepositShares,
        position: &mut Position,
    ) -> Result<DepositShares> {
        let staker = self.staker;
        if pods::is_beacon(strategy) {
            return pods::remove_shares(host, staker, shares, &mut self.row, position);
        }
        let call = removeDepositSharesCall { staker, strategy, depositSharesToRemove: shares.0 };
        let left = call_native(host, STRATEGY_MANAGER, call, |host, call| {
            strategy_manager::debit(host, call, &mut self.row, position)
        })?;
        Ok(DepositShares(left))
    }
}

/// What leaves the operator's shares. Beacon rounding may leave an operator a few wei short of the last exit; under
/// rules `mainnet` that does not trap it (R46, `decisions.md` 85).
fn removable(
    rules: Rules,
    strategy: Address,
    held: OperatorShares,
    wanted: WithdrawableShares,
) -> OperatorShares {
    let wanted = OperatorShares(wanted.0);
    if rules == Rules::Mainnet && pods::is_beacon(strategy) { wanted.min(held) } else { wanted }
}
