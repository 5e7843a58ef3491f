//! AllocationManager, as far as delegation needs it: allocation delays and the max magnitude that slashes leave
//! (restaking-core §2.4, §5.1). Operator sets, allocations and slashing come with the whole core.

mod dispatch;
#[cfg(test)]
mod tests;

pub use dispatch::main;

use crate::{
    delegation_manager, history,
    history::now,
    host::{Host, Result, View, call_native, emit, require},
    ledger::Operator,
    math::panic,
    permission_controller,
    storage::{Map, Slot, Word},
};
use alloy_primitives::{Address, U256};
use alloy_sol_types::PanicKind;
use types::{
    Rules,
    abi::{
        IAllocationManager::{
            ALLOCATION_CONFIGURATION_DELAYCall, AllocationDelaySet, DEALLOCATION_DELAYCall, InvalidCaller,
            InvalidOperator, InvalidPermissions, SLASHER_CONFIGURATION_DELAYCall, getAllocationDelayCall,
            getMaxMagnitudeCall, getMaxMagnitudes_0Call, getMaxMagnitudes_1Call, getMaxMagnitudesAtBlockCall,
            setAllocationDelayCall,
        },
        IDelegationManager::isOperatorCall,
    },
    addresses::{BURN, DELEGATION_MANAGER},
};

const PAUSED: Slot<U256> = Slot::at(0);
const ALLOCATION_DELAYS: Map<Address, AllocationDelay> = Map::at(1);

/// How long an operator's new allocations wait, in blocks, and the change of it that waits itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct AllocationDelay {
    delay: u32,
    is_set: bool,
    pending: u32,
    /// Block from which `pending` is the delay; 0 if there never was one.
    effect_block: u32,
}

impl Word for AllocationDelay {
    fn to_word(self) -> U256 {
        let fields = [self.delay, u32::from(self.is_set), self.pending, self.effect_block];
        U256::from_limbs(fields.map(u64::from))
    }

    fn from_word(word: U256) -> Self {
        let [delay, is_set, pending, effect_block] = word.as_limbs().map(|limb| limb as u32);
        Self { delay, is_set: is_set != 0, pending, effect_block }
    }
}

impl AllocationDelay {
    /// The state at `now`: a pending delay that is due is in force.
    const fn at(mut self, now: u32) -> Self {
        if self.effect_block != 0 && now >= self.effect_block {
            self.delay = self.pending;
            self.is_set = true;
        }
        self
    }
}

/// Sets an operator's allocation delay, in blocks: at once if DelegationManager calls for a new operator, else after
/// the configuration delay. Each call restarts the clock. The slashing release lets new operators wait too.
///
/// # Errors
/// `InvalidPermissions` (slashing release: `InvalidCaller`), `InvalidOperator`.
pub fn set_allocation_delay(host: &mut dyn Host, call: setAllocationDelayCall) -> Result<()> {
    let setAllocationDelayCall { operator, delay } = call;
    let rules = host.params().rules;
    let is_new_operator = host.msg().sender == DELEGATION_MANAGER;
    if !is_new_operator {
        let may = permission_controller::sender_can_act_for(host, operator)?;
        match rules {
            Rules::Slashing2025 => require(may, InvalidCaller {})?,
            Rules::Mainnet | Rules::Pinned => require(may, InvalidPermissions {})?,
        }
        let call = isOperatorCall { operator };
        let is_operator = call_native(host, DELEGATION_MANAGER, call, |host, call| {
            delegation_manager::is_operator(host, call)
        })?;
        require(is_operator, InvalidOperator {})?;
    }
    let now = now(host);
    let current = ALLOCATION_DELAYS.get(host, operator)?.at(now);
    let info = if is_new_operator && rules != Rules::Slashing2025 {
        AllocationDelay { delay, is_set: true, pending: delay, effect_block: now }
    } else {
        AllocationDelay { pending: delay, effect_block: after_configuration_delay(host)?, ..current }
    };
    ALLOCATION_DELAYS.set(host, operator, info)?;
    emit(host, &AllocationDelaySet { operator, delay, effectBlock: info.effect_block })
}

fn after_configuration_delay(host: &dyn Host) -> Result<u32> {
    let delay = host.params().configuration_delay_blocks;
    let effect = now(host).checked_add(delay).and_then(|block| block.checked_add(1));
    effect.ok_or_else(|| panic(PanicKind::UnderOverflow))
}

/// Where the tokens of a slash by an operator set go. Sets that redistribute come with the whole core.
pub const fn redistribution_recipient() -> Address {
    BURN
}

/// Lowers an operator's max magnitude for a strategy to `magnitude` from this block on.
///
/// # Errors
/// Out of gas, a static frame, or the node's.
pub fn lower_max_magnitude(
    host: &mut dyn Host,
    operator: Address,
    strategy: Address,
    magnitude: u64,
) -> Result<()> {
    let mut row = Operator::load(host, operator, strategy)?;
    row.set_max_magnitude(magnitude);
    row.store(host, operator, strategy)?;
    let now = now(host);
    history::push_magnitude(host, operator, strategy, now, magnitude)
}

fn allocation_delay(view: &mut dyn View, call: getAllocationDelayCall) -> Result<(bool, u32)> {
    let AllocationDelay { delay, is_set, .. } = ALLOCATION_DELAYS.get(view, call.operator)?.at(now(view));
    Ok((is_set, delay))
}

fn max_magnitude(view: &mut dyn View, call: getMaxMagnitudeCall) -> Result<u64> {
    Ok(Operator::load(view, call.operator, call.strategy)?.max_magnitude())
}

fn max_magnitudes_of_strategies(view: &mut dyn View, call: getMaxMagnitudes_0Call) -> Result<Vec<u64>> {
    let getMaxMagnitudes_0Call { operator, strategies } = call;
    let magnitude = |strategy| Ok(Operator::load(view, operator, strategy)?.max_magnitude());
    strategies.into_iter().map(magnitude).collect()
}

fn max_magnitudes_of_operators(view: &mut dyn View, call: getMaxMagnitudes_1Call) -> Result<Vec<u64>> {
    let getMaxMagnitudes_1Call { operators, strategy } = call;
    let magnitude = |operator| Ok(Operator::load(view, operator, strategy)?.max_magnitude());
    operators.into_iter().map(magnitude).collect()
}

fn max_magnitudes_at_block(view: &mut dyn View, call: getMaxMagnitudesAtBlockCall) -> Result<Vec<u64>> {
    let getMaxMagnitudesAtBlockCall { operator, strategies, blockNumber } = call;
    let magnitude = |strategy| Ok(history::magnitude_at(view, operator, strategy, blockNumber)?);
    strategies.into_iter().map(magnitude).collect()
}

fn deallocation_delay(view: &mut dyn View, _: DEALLOCATION_DELAYCall) -> Result<u32> {
    Ok(view.params().withdrawal_delay_blocks)
}

fn allocation_configuration_delay(view: &mut dyn View, _: ALLOCATION_CONFIGURATION_DELAYCall) -> Result<u32> {
    Ok(view.params().configuration_delay_blocks)
}

fn slasher_configuration_delay(view: &mut dyn View, _: SLASHER_CONFIGURATION_DELAYCall) -> Result<u32> {
    Ok(view.params().configuration_delay_blocks)
}
