//! The auditor: the restaking core's invariants (restaking-core §8), checked on all of the state through the public
//! views and the ledger. It runs as a native contract inside a simulation, so it can never change what it checks.
//! Who takes part is told by its caller, who learns it from the events; it may name those alone whom a block touched.

mod allocations;
mod keys;
mod slashes;

use crate::{
    covenants,
    dispatch::static_call,
    host::{Host, Result, View},
    ledger::{Operator, Position, STAKERS, listed_strategy},
    slashing::withdrawable,
};
use alloy_primitives::{Address, Bytes, U256, U512, address};
use alloy_sol_types::{SolCall, SolValue, sol};
use std::collections::{BTreeMap, BTreeSet};
use types::{
    Rules,
    abi::{IDelegationManager, IERC20, IStrategy},
    addresses::{BEACON_STRATEGY, DELEGATION_MANAGER},
    units::{OperatorShares, WAD},
};

/// Where simulations place the auditor. No chain has code there.
pub const ADDRESS: Address = address!("0xb0000000000000000000000000000000000000ff");

/// Gas for each question to a contract that need not be ours: far more than an honest answer takes, and so little that
/// a token which burns all it gets holds up no audit.
const OUTSIDE_GAS: u64 = 500_000;

/// Most strategies on a staker's list.
const MOST_STRATEGIES: u8 = 32;

sol! {
    /// Who takes part in restaking.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct Actors {
        /// Everybody who ever deposited, delegated or queued.
        address[] stakers;
        /// Every operator.
        address[] operators;
        /// Every strategy that ever took a deposit or was put into an operator set.
        address[] strategies;
        /// Every operator set.
        OperatorSetName[] sets;
        /// Every signing key that an operator ever registered.
        UsedKey[] keys;
        /// Whether these are some of all: then no sum over everybody is checked (I1, I2, I15).
        bool isPart;
    }

    /// A signing key, and where it was registered.
    #[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
    struct UsedKey {
        /// Whose.
        address operator;
        /// The service.
        address avs;
        /// Which of its sets.
        uint32 id;
        /// As it was registered.
        bytes key;
    }

    /// Which operator set.
    #[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
    struct OperatorSetName {
        /// The service.
        address avs;
        /// Which of its sets.
        uint32 id;
    }
}

/// The auditor as a native contract: ABI-encoded [`Actors`] in, ABI-encoded list of violations out.
///
/// # Errors
/// Arguments that do not decode, or a view that reverts.
pub fn main(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let actors = Actors::abi_decode(input).or_else(|_| crate::host::revert_empty())?;
    Ok(check(host, &actors)?.abi_encode().into())
}

/// All violations found, each in one line that begins with the invariant's name.
///
/// # Errors
/// A view that reverts, or the node's.
pub fn check(view: &mut dyn View, actors: &Actors) -> Result<Vec<String>> {
    let mut audit = Audit { is_part: actors.isPart, ..Audit::default() };
    for staker in &actors.stakers {
        audit.staker(view, *staker)?;
    }
    for operator in &actors.operators {
        for strategy in &actors.strategies {
            audit.operator(view, *operator, *strategy)?;
        }
        audit.allocations(view, *operator, &actors.strategies)?;
        let flaw = covenants::flaw(view, *operator)?;
        audit.demand(flaw.is_none(), || format!("C1: {operator}: {}", flaw.unwrap_or_default()));
    }
    for set in &actors.sets {
        audit.operator_set(view, set)?;
    }
    for key in &actors.keys {
        audit.key(view, key)?;
    }
    audit.slashes(view, &actors.sets)?;
    for strategy in &actors.strategies {
        audit.strategy(view, *strategy)?;
    }
    Ok(audit.violations)
}

/// Sums over stakers, and what was found wrong.
#[derive(Default)]
struct Audit {
    violations: Vec<String>,
    /// Whether the sums below lack those who are not looked at.
    is_part: bool,
    /// By operator and strategy: withdrawable shares, and Σ s·k·m as in I2.
    delegated: BTreeMap<(Address, Address), (U256, U512)>,
    /// By strategy: what stakers, withdrawals and uncleared slashes can claim.
    claims: BTreeMap<Address, U256>,
    /// By strategy: entries of open withdrawals, the slack of I15 where the queue records scaled shares.
    entries: BTreeMap<Address, u64>,
}

impl Audit {
    fn demand(&mut self, holds: bool, violation: impl FnOnce() -> String) {
        if !holds {
            self.violations.push(violation());
        }
    }

    fn claim(&mut self, strategy: Address, shares: U256) {
        let sum = self.claims.entry(strategy).or_default();
        *sum = sum.saturating_add(shares);
    }

    /// I8, I9, I10, I12 of one staker, and its part of the sums.
    fn staker(&mut self, view: &mut dyn View, staker: Address) -> Result<()> {
        let row = STAKERS.get(view, staker)?;
        let operator = row.operator(staker);
        if !operator.is_zero() {
            let is_operator = STAKERS.get(view, operator)?.is_operator();
            self.demand(is_operator, || format!("I12: {staker} is delegated to {operator}, no operator"));
        }
        self.demand(row.strategies <= MOST_STRATEGIES, || {
            format!("I8: {staker} has {} strategies listed", row.strategies)
        });
        let mut listed = BTreeSet::new();
        for place in 0..row.strategies {
            let strategy = listed_strategy(view, staker, place)?;
            self.demand(listed.insert(strategy), || format!("I8: {staker} has {strategy} listed twice"));
            self.position(view, staker, operator, strategy)?;
        }
        let in_pods = Position::load(view, staker, BEACON_STRATEGY)?.shares;
        self.demand(row.has_beacon_shares != in_pods.is_zero(), || {
            format!("I8: {staker} has {} shares in pods, its row says otherwise", in_pods.0)
        });
        self.withdrawals(view, staker)
    }

    fn position(
        &mut self,
        view: &mut dyn View,
        staker: Address,
        operator: Address,
        strategy: Address,
    ) -> Result<()> {
        let position = Position::load(view, staker, strategy)?;
        let shares = position.shares;
        self.demand(!shares.is_zero(), || format!("I8: {staker} has {strategy} listed without shares"));
        let k = position.scaling.value();
        let token = strategy != BEACON_STRATEGY;
        if operator.is_zero() && token {
            self.demand(k == U256::from(WAD), || {
                format!("I9: {staker} is not delegated, but its scaling factor of {strategy} is {k}")
            });
        }
        let stake = Operator::load(view, operator, strategy)?;
        let worth = withdrawable(shares, position.scaling, stake.slashing_factor())?;
        self.claim(strategy, worth.0);
        let exact: U512 = shares.0.widening_mul(k);
        let exact = exact.saturating_mul(U512::from(stake.max_magnitude()));
        let sums = self.delegated.entry((operator, strategy)).or_default();
        sums.0 = sums.0.saturating_add(worth.0);
        sums.1 = sums.1.saturating_add(exact);
        Ok(())
    }

    /// I10 of one staker, and what its open withdrawals can claim.
    fn withdrawals(&mut self, view: &mut dyn View, staker: Address) -> Result<()> {
        let call = IDelegationManager::getQueuedWithdrawalsCall { staker };
        let queued = static_call(view, DELEGATION_MANAGER, &call)?;
        let roots = static_call(
            view,
            DELEGATION_MANAGER,
            &IDelegationManager::getQueuedWithdrawalRootsCall { staker },
        )?;
        self.demand(roots.len() == queued.withdrawals.len(), || {
            format!("I10: {staker} has {} roots for {} withdrawals", roots.len(), queued.withdrawals.len())
        });
        for ((root, withdrawal), shares) in roots.into_iter().zip(queued.withdrawals).zip(queued.shares) {
            for (strategy, worth) in withdrawal.strategies.iter().zip(shares) {
                self.claim(*strategy, worth);
                let entries = self.entries.entry(*strategy).or_default();
                *entries = entries.saturating_add(1);
            }
            let hashed = static_call(
                view,
                DELEGATION_MANAGER,
                &IDelegationManager::calculateWithdrawalRootCall { withdrawal },
            )?;
            self.demand(hashed == root, || format!("I10: withdrawal {root} of {staker} hashes to {hashed}"));
            let pending = IDelegationManager::pendingWithdrawalsCall { withdrawalRoot: root };
            let pending = static_call(view, DELEGATION_MANAGER, &pending)?;
            self.demand(pending, || format!("I10: withdrawal {root} of {staker} is listed but not pending"));
        }
        Ok(())
    }

    /// I1, I2, I3, I13 of one operator in one strategy.
    fn operator(&mut self, view: &mut dyn View, operator: Address, strategy: Address) -> Result<()> {
        let stake = Operator::load(view, operator, strategy)?;
        let OperatorShares(shares) = stake.shares;
        let (m, encumbered) = (stake.max_magnitude(), stake.encumbered_magnitude);
        self.demand(m <= WAD && encumbered <= m, || {
            format!("I3: {operator} in {strategy} has magnitude {m}, encumbered {encumbered}")
        });
        let is_operator = STAKERS.get(view, operator)?.is_operator();
        self.demand(is_operator || shares.is_zero(), || {
            format!("I13: {operator} is no operator but has {shares} shares of {strategy}")
        });
        if strategy == BEACON_STRATEGY || self.is_part {
            return Ok(());
        }
        let (worth, exact) = self.delegated.get(&(operator, strategy)).copied().unwrap_or_default();
        self.demand(shares >= worth, || {
            format!("I1: {operator} has {shares} shares of {strategy}, its stakers can withdraw {worth}")
        });
        let wad = U256::from(WAD);
        let wad_squared: U256 = wad.saturating_mul(wad);
        let left: U512 = shares.widening_mul(wad_squared);
        self.demand(left >= exact, || {
            format!("I2: {operator} has {shares} shares of {strategy}, less than its stakers' exact claims")
        });
        Ok(())
    }

    /// I14, I15, I16 of one strategy.
    fn strategy(&mut self, view: &mut dyn View, strategy: Address) -> Result<()> {
        if strategy == BEACON_STRATEGY {
            return Ok(());
        }
        // A service may list any address as a strategy, and a token may refuse to tell: of those nothing is claimed.
        let Some(total) = told(view, strategy, &IStrategy::totalSharesCall {})? else { return Ok(()) };
        let most = U256::from(10).pow(U256::from(38)).saturating_sub(U256::ONE);
        self.demand(total <= most, || format!("I14: {strategy} has {total} shares, more than {most}"));
        let claims = self.claims.get(&strategy).copied().unwrap_or_default();
        let slack = match view.params().rules {
            Rules::Mainnet => U256::ZERO,
            Rules::Pinned | Rules::Slashing2025 => {
                U256::from(self.entries.get(&strategy).copied().unwrap_or_default())
            }
        };
        self.demand(self.is_part || total.saturating_add(slack) >= claims, || {
            format!("I15: {strategy} has {total} shares, claims on it are {claims}")
        });
        let Some(token) = told(view, strategy, &IStrategy::underlyingTokenCall {})? else { return Ok(()) };
        let held = told(view, token, &IERC20::balanceOfCall { account: strategy })?;
        if let Some(held) = held.filter(|held| *held >= total) {
            let offset = U256::from(1_000);
            let owed: U512 = held.saturating_add(offset).widening_mul(total);
            let held_wide: U512 = held.widening_mul(total.saturating_add(offset));
            self.demand(owed <= held_wide, || {
                format!("I16: {strategy} holds {held} of {token}, less than its {total} shares are worth")
            });
        }
        Ok(())
    }
}

/// What a contract that need not be ours tells; nothing if it fails in any way, for it may be anybody's.
fn told<C: SolCall>(view: &mut dyn View, to: Address, call: &C) -> Result<Option<C::Return>> {
    let reply = view.static_call_with_gas(to, call.abi_encode().into(), OUTSIDE_GAS)?;
    Ok(if reply.is_success() { C::abi_decode_returns_validate(&reply.data).ok() } else { None })
}

#[cfg(test)]
mod tests;
