//! What a slash cost each staker, to the wei, computed when somebody asks (`decisions.md` 62). A staker loses in two places:
//! shares that are delegated, and withdrawals that wait in their window. Both follow the operator's magnitude; who held
//! what at that log is the state before the block, moved on by the block's own logs.

use super::{
    lists::{Index, Page, Withdrawal},
    past::PastState,
    rows::{Place, Slash, SlashRow},
};
use crate::query::{ReadError, View};
use alloy_primitives::{Address, Log, U256};
use alloy_sol_types::SolEvent;
use protocol::{
    eigen_pod_manager,
    ledger::Position,
    math::WAD_U256,
    slashing::{ScalingFactor, SlashingFactor, completed, scaled, withdrawable},
};
use std::collections::HashMap;
use types::{
    Params,
    abi::{IDelegationManager, IEigenPodManager, IStrategyManager},
    addresses::{BEACON_STRATEGY, DELEGATION_MANAGER, EIGEN_POD_MANAGER, STRATEGY_MANAGER},
    units::{DepositShares, ScaledShares, WAD},
};

/// Withdrawals of one staker that a slash is asked about at most; nobody queues more in one window.
const MOST_WITHDRAWALS: usize = 10_000;

/// Why losses were not computed.
#[derive(Debug, thiserror::Error)]
pub enum LossError {
    /// The read that failed, also of state that has been pruned.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Numbers that the rules cannot compute with.
    #[error("the shares of {staker} in {strategy} are beyond what the rules can compute with")]
    Numbers {
        /// Whose.
        staker: Address,
        /// Of what.
        strategy: Address,
    },
}

/// What a staker lost in one strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrategyLoss {
    /// Which.
    pub strategy: Address,
    /// Withdrawable shares before the slash.
    pub before: U256,
    /// Withdrawable shares after it.
    pub after: U256,
    /// What withdrawals in their window would have paid, before the slash.
    pub queued_before: U256,
    /// What they pay after it, if nothing else happens.
    pub queued_after: U256,
}

impl StrategyLoss {
    /// What is gone, in shares.
    pub fn lost(&self) -> U256 {
        let delegated = self.before.saturating_sub(self.after);
        delegated.saturating_add(self.queued_before.saturating_sub(self.queued_after))
    }
}

/// What a staker lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Who.
    pub staker: Address,
    /// In strategies where something was at stake.
    pub strategies: Vec<StrategyLoss>,
}

/// A fall of magnitude, and when.
struct Fall {
    strategy: Address,
    before: u64,
    after: u64,
    /// Logs of the block up to here came before it.
    place: Place,
}

/// What a log did to a staker's position.
#[derive(Clone, Copy)]
enum Event {
    Deposited(U256),
    Total(U256),
    Scaling(U256),
    Queued(U256),
    Beacon(u64),
}

/// Everything that a slash's losses follow from.
struct Question<'a> {
    index: Index<'a>,
    state: PastState<'a>,
    params: &'a Params,
    operator: Address,
    block: u64,
    falls: Vec<Fall>,
    /// By staker and strategy: what the block's logs did, in order.
    events: HashMap<(Address, Address), Vec<(u32, Event)>>,
}

/// What each staker lost by a slash, by staker. Those who lost nothing are passed over.
///
/// # Errors
/// The database's, also where the state before the block has been pruned.
pub fn losses(
    view: &View,
    slash: &Slash,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Page<Loss>, LossError> {
    let index = Index::new(view.reader());
    let Slash { place, row } = slash;
    let mut falls = Vec::new();
    for cut in &row.cuts {
        let Some(log) = cut.mark.checked_sub(1) else { continue };
        let place = Place { log, ..*place };
        let before = index.magnitude_before(row.operator, cut.strategy, place)?;
        falls.push(Fall { strategy: cut.strategy, before, after: cut.magnitude, place });
    }
    let block = view.block(place.block)?;
    let logs = block.iter().flat_map(|block| &block.receipts).flat_map(|receipt| receipt.logs());
    let parent = place.block.saturating_sub(1);
    let mut question = Question {
        index,
        state: PastState::new(view.reader(), parent, view.params()),
        params: view.params(),
        operator: row.operator,
        block: place.block,
        falls,
        events: events_of(logs),
    };
    question.page(*place, after, limit)
}

/// What each staker would lose if the magnitudes of a simulated slash were those of the next block.
///
/// # Errors
/// The database's.
pub fn prospective_losses(
    view: &View,
    row: &SlashRow,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Page<Loss>, LossError> {
    let index = Index::new(view.reader());
    let mut falls = Vec::new();
    for cut in row.cuts.iter().filter(|cut| cut.mark != 0) {
        let before = index.magnitude_before(row.operator, cut.strategy, Place::LAST)?;
        falls.push(Fall { strategy: cut.strategy, before, after: cut.magnitude, place: Place::LAST });
    }
    let mut question = Question {
        index,
        state: PastState::new(view.reader(), view.head(), view.params()),
        params: view.params(),
        operator: row.operator,
        block: view.head().saturating_add(1),
        falls,
        events: HashMap::new(),
    };
    question.page(Place::LAST, after, limit)
}

impl Question<'_> {
    fn page(&mut self, place: Place, after: Option<&[u8]>, limit: usize) -> Result<Page<Loss>, LossError> {
        let subjects = self.index.ever_delegated(self.operator, place);
        let mut failure = None;
        let page = subjects.page(after, limit, |subject, last| {
            let Ok(staker) = Address::try_from(subject) else { return Ok(None) };
            match self.loss(staker, Index::is_delegated(last), place) {
                Ok(loss) => Ok(loss),
                Err(LossError::Read(error)) => Err(error),
                Err(numbers) => {
                    failure = Some(numbers);
                    Ok(None)
                }
            }
        })?;
        failure.map_or(Ok(page), Err)
    }

    fn loss(&mut self, staker: Address, delegated: bool, place: Place) -> Result<Option<Loss>, LossError> {
        let queued = self.queued(staker, place)?;
        let mut strategies = Vec::new();
        for at in 0..self.falls.len() {
            let Some(fall) = self.falls.get(at) else { break };
            let (strategy, before, after) = (fall.strategy, fall.before, fall.after);
            let (position, beacon) = self.position(staker, at)?;
            let factor = |magnitude| SlashingFactor::of_magnitude(magnitude).times(beacon);
            let numbers = |_| LossError::Numbers { staker, strategy };
            let held = |magnitude| match delegated {
                true => withdrawable(position.0, position.1, factor(magnitude)).map(|shares| shares.0),
                false => Ok(U256::ZERO),
            };
            let in_queue = queued.iter().flat_map(|withdrawal| {
                let row = &withdrawal.row;
                row.strategies.iter().zip(&row.scaled_shares).filter(|(of, _)| **of == strategy)
            });
            let pays = |magnitude| {
                in_queue.clone().try_fold(U256::ZERO, |sum, (_, scaled)| {
                    completed(ScaledShares(*scaled), factor(magnitude)).map(|out| sum.saturating_add(out.0))
                })
            };
            let loss = StrategyLoss {
                strategy,
                before: held(before).map_err(numbers)?,
                after: held(after).map_err(numbers)?,
                queued_before: pays(before).map_err(numbers)?,
                queued_after: pays(after).map_err(numbers)?,
            };
            if !loss.lost().is_zero() {
                strategies.push(loss);
            }
        }
        Ok((!strategies.is_empty()).then_some(Loss { staker, strategies }))
    }

    /// The staker's withdrawals that wait in their window.
    fn queued(&self, staker: Address, place: Place) -> Result<Vec<Withdrawal>, LossError> {
        // A withdrawal pays by the magnitude after block start + delay: a slash in that block still counts.
        let delay = u64::from(self.params.withdrawal_delay_blocks);
        let blocks = (self.block.saturating_sub(delay), self.block);
        let page = self.index.withdrawals(staker, blocks, None, MOST_WITHDRAWALS)?;
        let mut queued = page.items;
        queued.retain(|withdrawal| withdrawal.row.operator == self.operator && withdrawal.place < place);
        Ok(queued)
    }

    /// Deposit shares, scaling factor and beacon chain factor of a staker at a fall.
    fn position(
        &mut self,
        staker: Address,
        fall: usize,
    ) -> Result<((DepositShares, ScalingFactor), SlashingFactor), LossError> {
        let Some(Fall { strategy, place, .. }) = self.falls.get(fall) else {
            return Ok(((DepositShares::ZERO, ScalingFactor::UNSET), SlashingFactor::FULL));
        };
        let (strategy, until) = (*strategy, place.log);
        let position =
            self.state.read(|state| Ok(Position::load(state, staker, strategy)?)).map_err(ReadError::from)?;
        let mut beacon = SlashingFactor::FULL;
        if strategy == BEACON_STRATEGY {
            let factor = self.state.read(|state| eigen_pod_manager::slashing_factor(state, staker));
            beacon = factor.map_err(ReadError::from)?;
        }
        let (mut shares, mut scaling) = (position.shares.0, position.scaling);
        let events = self.events.get(&(staker, strategy)).map_or(&[][..], Vec::as_slice);
        for (_, event) in events.iter().filter(|(log, _)| *log < until) {
            match *event {
                Event::Deposited(added) => shares = shares.saturating_add(added),
                Event::Total(total) => shares = total,
                Event::Scaling(factor) => scaling = ScalingFactor(factor),
                Event::Queued(scaled) => {
                    shares = shares.saturating_sub(deposit_shares_of(scaled, scaling, shares));
                    if shares.is_zero() {
                        scaling = ScalingFactor::UNSET;
                    }
                }
                Event::Beacon(factor) => beacon = SlashingFactor::of_magnitude(factor),
            }
        }
        Ok(((DepositShares(shares), scaling), beacon))
    }
}

/// How many deposit shares were queued as `scaled`: exact wherever the factor is at least one. Below one (rounding can take
/// it there by some parts in 10^18) several amounts have the same scaled shares; then all that the staker has is
/// taken if it fits, else the least.
fn deposit_shares_of(amount: U256, k: ScalingFactor, held: U256) -> U256 {
    if scaled(DepositShares(held), k).is_ok_and(|all| all.0 == amount) {
        return held;
    }
    let wide = |value: U256| alloy_primitives::U512::from(value);
    let product = wide(amount).saturating_mul(wide(WAD_U256));
    let factor = wide(k.value());
    let least = product.checked_div(factor).unwrap_or_default();
    let exact = least.checked_mul(factor) == Some(product);
    let least = U256::saturating_from(least);
    if exact { least } else { least.saturating_add(U256::ONE) }
}

fn events_of<'l>(logs: impl Iterator<Item = &'l Log>) -> HashMap<(Address, Address), Vec<(u32, Event)>> {
    let mut events: HashMap<(Address, Address), Vec<(u32, Event)>> = HashMap::new();
    for (position, log) in (0u32..).zip(logs) {
        for (staker, strategy, event) in read(log).unwrap_or_default() {
            events.entry((staker, strategy)).or_default().push((position, event));
        }
    }
    events
}

/// What a log does to positions.
fn read(log: &Log) -> Option<Vec<(Address, Address, Event)>> {
    use IDelegationManager::{DepositScalingFactorUpdated, SlashingWithdrawalQueued};
    use IEigenPodManager::{BeaconChainSlashingFactorDecreased, NewTotalShares};
    let (topic, data) = (*log.topics().first()?, &log.data);
    match (log.address, topic) {
        (STRATEGY_MANAGER, IStrategyManager::Deposit::SIGNATURE_HASH) => {
            let deposit = IStrategyManager::Deposit::decode_log_data(data).ok()?;
            Some(vec![(deposit.staker, deposit.strategy, Event::Deposited(deposit.shares))])
        }
        (DELEGATION_MANAGER, DepositScalingFactorUpdated::SIGNATURE_HASH) => {
            let updated = DepositScalingFactorUpdated::decode_log_data(data).ok()?;
            let event = Event::Scaling(updated.newDepositScalingFactor);
            Some(vec![(updated.staker, updated.strategy, event)])
        }
        (DELEGATION_MANAGER, SlashingWithdrawalQueued::SIGNATURE_HASH) => {
            let withdrawal = SlashingWithdrawalQueued::decode_log_data(data).ok()?.withdrawal;
            let staker = withdrawal.staker;
            let parts = withdrawal.strategies.into_iter().zip(withdrawal.scaledShares);
            Some(parts.map(|(strategy, scaled)| (staker, strategy, Event::Queued(scaled))).collect())
        }
        (EIGEN_POD_MANAGER, NewTotalShares::SIGNATURE_HASH) => {
            let total = NewTotalShares::decode_log_data(data).ok()?;
            let shares = U256::try_from(total.newTotalShares).unwrap_or_default();
            Some(vec![(total.podOwner, BEACON_STRATEGY, Event::Total(shares))])
        }
        (EIGEN_POD_MANAGER, BeaconChainSlashingFactorDecreased::SIGNATURE_HASH) => {
            let decreased = BeaconChainSlashingFactorDecreased::decode_log_data(data).ok()?;
            let event = Event::Beacon(decreased.newBeaconChainSlashingFactor.min(WAD));
            Some(vec![(decreased.staker, BEACON_STRATEGY, event)])
        }
        _ => None,
    }
}
