//! What AllocationManager's rows must say of each other: I4, I5, I19 to I21, I23, I25, and the histories (I6, I7).

use super::{Audit, OperatorSetName};
use crate::{
    allocation_manager::{
        queue::Walk,
        rows::{
            ALLOCATED_SETS, ALLOCATED_STRATEGIES, ALLOCATIONS, AllocationRow, MEMBERS, MEMBERSHIPS,
            OPERATORS, RECIPIENTS, REGISTERED_SETS, SET_STRATEGIES, SETS,
        },
    },
    history,
    host::{Result, View},
    ledger::Operator,
    operator_set,
};
use alloy_primitives::{Address, B256};
use std::collections::{BTreeMap, BTreeSet};
use types::{Rules, addresses::BURN, units::WAD};

/// What an operator has allocated in a strategy, by set.
type Allocations = BTreeMap<B256, AllocationRow>;

impl Audit {
    /// All of one operator: its lists, its allocations, and its magnitude in each strategy.
    pub(super) fn allocations(
        &mut self,
        view: &mut dyn View,
        operator: Address,
        strategies: &[Address],
    ) -> Result<()> {
        let row = OPERATORS.get(view, operator)?;
        for place in 1..=row.registered_sets {
            self.registration(view, operator, place)?;
        }
        let mut found: BTreeMap<Address, Allocations> =
            strategies.iter().map(|strategy| (*strategy, Allocations::new())).collect();
        for place in 1..=row.allocated_sets {
            self.allocated_set(view, operator, place, &mut found)?;
        }
        for (strategy, allocations) in found {
            self.magnitude(view, operator, strategy, &allocations)?;
        }
        Ok(())
    }

    /// I19 from the operator's side.
    fn registration(&mut self, view: &mut dyn View, operator: Address, place: u32) -> Result<()> {
        let set = REGISTERED_SETS.get(view, (operator, index(place)))?;
        let member = MEMBERSHIPS.get(view, (operator, set))?;
        let listed = MEMBERS.get(view, (set, index(member.member_place)))?;
        let agree = member.registered && member.registered_place == place && listed == operator;
        self.demand(agree, || format!("I19: {operator} is listed for set {set}, which does not list it"));
        Ok(())
    }

    /// I5 and I20 of one allocated set, and its part of the sums.
    fn allocated_set(
        &mut self,
        view: &mut dyn View,
        operator: Address,
        place: u32,
        found: &mut BTreeMap<Address, Allocations>,
    ) -> Result<()> {
        let set = ALLOCATED_SETS.get(view, (operator, index(place)))?;
        let member = MEMBERSHIPS.get(view, (operator, set))?;
        self.demand(member.allocated_place == place && member.strategies > 0, || {
            format!("I20: {operator} lists set {set} without an allocation")
        });
        for place in 1..=member.strategies {
            let strategy = ALLOCATED_STRATEGIES.get(view, (operator, set, index(place)))?;
            let row = ALLOCATIONS.get(view, (operator, set, strategy))?;
            self.demand(row.place == place && (row.current > 0 || row.pending != 0), || {
                format!("I20: {operator} lists {strategy} for set {set} without an allocation")
            });
            let current = i128::from(row.current);
            let (least, most) = (i128::from(row.pending.min(0)), i128::from(row.pending.max(0)));
            let bounded = current.saturating_add(least) >= 0 && current.saturating_add(most) <= WAD.into();
            self.demand(bounded, || {
                format!(
                    "I5: {operator} has {current} of {strategy} allocated to {set}, {} pending",
                    row.pending
                )
            });
            found.entry(strategy).or_default().insert(set, row);
        }
        Ok(())
    }

    /// I4, I6, I7, I21 and I23 of one operator in one strategy.
    fn magnitude(
        &mut self,
        view: &mut dyn View,
        operator: Address,
        strategy: Address,
        allocations: &Allocations,
    ) -> Result<()> {
        let stake = Operator::load(view, operator, strategy)?;
        let most = |row: &AllocationRow| i128::from(row.current).saturating_add(row.pending.max(0).into());
        let sum: i128 = allocations.values().map(most).fold(0, i128::saturating_add);
        let encumbered = stake.encumbered_magnitude;
        self.demand(i128::from(encumbered) == sum, || {
            format!("I4: {operator} has {encumbered} of {strategy} encumbered, its allocations are {sum}")
        });
        if let Some(flaw) = history::flaw(view, operator, strategy, stake.max_magnitude())? {
            self.demand(false, || format!("{flaw}: {operator} in {strategy}"));
        }
        let freed = self.deallocations(view, operator, strategy, allocations)?;
        let left = i128::from(encumbered).saturating_add(freed);
        self.demand(left >= 0 && left <= stake.max_magnitude().into(), || {
            format!("I23: {operator} in {strategy} would have {left} encumbered after its deallocations")
        });
        Ok(())
    }

    /// I21. Answers with what all queued deallocations free together, zero or less.
    fn deallocations(
        &mut self,
        view: &mut dyn View,
        operator: Address,
        strategy: Address,
        allocations: &Allocations,
    ) -> Result<i128> {
        let mut queued = BTreeMap::<B256, u32>::new();
        let mut walk = Walk::start(view, operator, strategy)?;
        let (mut last, mut freed) = (0, 0_i128);
        while let Some(set) = walk.next(view)? {
            let row = ALLOCATIONS.get(view, (operator, set, strategy))?;
            let counter = queued.entry(set).or_default();
            *counter = counter.saturating_add(1);
            self.demand(row.effect_block == 0 || row.effect_block >= last, || {
                format!("I21: {operator} has deallocations of {strategy} queued out of order")
            });
            last = last.max(row.effect_block);
            freed = freed.saturating_add(row.pending.min(0).into());
        }
        let waiting = allocations.iter().filter(|(_, row)| row.pending < 0);
        for (set, _) in waiting {
            self.demand(queued.get(set) == Some(&1), || {
                format!("I21: the deallocation of {operator} from {set} in {strategy} is not queued once")
            });
        }
        Ok(freed)
    }

    /// I19 and I25 of one operator set, and the order of its strategies.
    pub(super) fn operator_set(&mut self, view: &mut dyn View, set: &OperatorSetName) -> Result<()> {
        let name = operator_set::key(set.avs, set.id);
        let row = SETS.get(view, name)?;
        let slashed_by_permission = view.params().rules == Rules::Slashing2025;
        self.demand(row.exists && (slashed_by_permission || !row.slasher.is_zero()), || {
            format!("I25: set {name} has no slasher")
        });
        let recipient = RECIPIENTS.get(view, name)?;
        let redistributes = !recipient.is_zero() && recipient != BURN;
        self.demand(row.redistributes == redistributes, || {
            format!("I17: set {name} has the recipient {recipient}, its row says otherwise")
        });
        for place in 1..=row.members {
            let operator = MEMBERS.get(view, (name, index(place)))?;
            let member = MEMBERSHIPS.get(view, (operator, name))?;
            self.demand(member.registered && member.member_place == place, || {
                format!("I19: set {name} lists {operator}, which is not registered")
            });
        }
        let strategies = SET_STRATEGIES.values(view, name)?;
        let distinct: BTreeSet<Address> = strategies.iter().copied().collect();
        self.demand(distinct.len() == strategies.len(), || format!("I20: set {name} lists a strategy twice"));
        Ok(())
    }
}

/// Where the item at a place, counted from 1, lies.
fn index(place: u32) -> u64 {
    u64::from(place).saturating_sub(1)
}
