//! What slashes have taken and nobody has cleared: I18, and its part of the claims on strategies.

use super::{Audit, OperatorSetName};
use crate::{
    dispatch::static_call,
    host::{Result, View},
};
use alloy_primitives::U256;
use types::{
    Rules,
    abi::{
        IAllocationManager,
        IStrategyManager::{
            OperatorSet, getBurnOrRedistributableCountCall, getBurnOrRedistributableShares_0Call,
            getPendingOperatorSetsCall, getPendingSlashIdsCall, getStrategiesWithBurnableSharesCall,
        },
    },
    addresses::{ALLOCATION_MANAGER, STRATEGY_MANAGER},
};

/// Slashes of a set looked at, from the newest, for shares that nothing names as pending.
const LOOK_BACK: u64 = 16;

impl Audit {
    /// I18 of all sets, and what is left to clear.
    pub(super) fn slashes(&mut self, view: &mut dyn View, sets: &[OperatorSetName]) -> Result<()> {
        if self.is_part {
            // What waits is only needed for the sums.
            return match view.params().rules {
                Rules::Slashing2025 => Ok(()),
                _ => sets.iter().try_for_each(|set| self.newest(view, set)),
            };
        }
        let burnable = static_call(view, STRATEGY_MANAGER, &getStrategiesWithBurnableSharesCall {})?;
        for (strategy, shares) in burnable._0.iter().zip(burnable._1) {
            self.claim(*strategy, shares);
        }
        if view.params().rules == Rules::Slashing2025 {
            return Ok(());
        }
        for set in static_call(view, STRATEGY_MANAGER, &getPendingOperatorSetsCall {})? {
            self.pending(view, set)?;
        }
        sets.iter().try_for_each(|set| self.newest(view, set))
    }

    fn pending(&mut self, view: &mut dyn View, set: OperatorSet) -> Result<()> {
        let ids = getPendingSlashIdsCall { operatorSet: set.clone() };
        let ids = static_call(view, STRATEGY_MANAGER, &ids)?;
        self.demand(!ids.is_empty(), || format!("I18: {set:?} is pending without a slash"));
        for slash in ids {
            let left = getBurnOrRedistributableShares_0Call { operatorSet: set.clone(), slashId: slash };
            let left = static_call(view, STRATEGY_MANAGER, &left)?;
            self.demand(!left._0.is_empty(), || {
                format!("I18: slash {slash} of {set:?} has nothing to clear")
            });
            for (strategy, shares) in left._0.iter().zip(left._1) {
                self.claim(*strategy, shares);
            }
        }
        Ok(())
    }

    /// The newest slashes of a set: what has shares to clear must be pending.
    fn newest(&mut self, view: &mut dyn View, set: &OperatorSetName) -> Result<()> {
        let OperatorSetName { avs, id } = *set;
        let count = IAllocationManager::getSlashCountCall {
            operatorSet: IAllocationManager::OperatorSet { avs, id },
        };
        let count: u64 = static_call(view, ALLOCATION_MANAGER, &count)?.saturating_to();
        let set = OperatorSet { avs, id };
        let ids = getPendingSlashIdsCall { operatorSet: set.clone() };
        let ids = static_call(view, STRATEGY_MANAGER, &ids)?;
        for slash in
            (count.saturating_sub(LOOK_BACK)..count).map(|before| U256::from(before.saturating_add(1)))
        {
            let left = getBurnOrRedistributableCountCall { operatorSet: set.clone(), slashId: slash };
            let left = static_call(view, STRATEGY_MANAGER, &left)?;
            self.demand(left.is_zero() != ids.contains(&slash), || {
                format!(
                    "I18: slash {slash} of {set:?} has {left} strategies to clear, its list says otherwise"
                )
            });
        }
        Ok(())
    }
}
