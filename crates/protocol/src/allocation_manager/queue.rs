//! The deallocation queue of an operator in a strategy: sets whose deallocations wait, in order of their effect
//! blocks, for the delay is constant (restaking-core §5.3).
//!
//! The head's slot holds the first entry too, so that a queue of one, the common case, is one slot:
//! AVS 160 · set id 32 · index of the head 32 · length 32. Entry `n` behind the head lies at index `head + n`.

use super::{PAUSED_MODIFY_ALLOCATIONS, allocations::Allocated, rows::PAUSED};
use crate::{
    history::now,
    host::{Fatal, Host, Result, View, require},
    ledger::{Labelled, high, limb, low},
    math::panic,
    operator_set,
    pausable::require_running,
    storage::{Map, Word},
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::PanicKind;
use types::{
    abi::IAllocationManager::{InputArrayLengthMismatch, clearDeallocationQueueCall},
    addresses::ALLOCATION_MANAGER,
};

const HEADS: Map<(Address, Address), Head> = Map::on(ALLOCATION_MANAGER, 15);
const REST: Map<(Address, Address, u64), B256> = Map::on(ALLOCATION_MANAGER, 16);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Head {
    /// The set whose deallocation is first.
    first: B256,
    /// Where the first entry would lie in [`REST`].
    index: u32,
    length: u32,
}

impl Word for Head {
    fn to_word(self) -> U256 {
        let (avs, id) = operator_set::parts(self.first);
        Labelled { address: avs, small: id, large: limb(self.length, self.index) }.to_word()
    }

    fn from_word(word: U256) -> Self {
        let Labelled { address, small, large } = Labelled::from_word(word);
        Self { first: operator_set::key(address, small), index: low(large), length: high(large) }
    }
}

fn index(head: Head, behind: u32) -> Result<u64> {
    let index = head.index.checked_add(behind).ok_or_else(|| panic(PanicKind::UnderOverflow))?;
    Ok(u64::from(index))
}

/// Puts a set at the end.
///
/// # Errors
/// `Panic(0x11)` after 2^32 entries during which the queue never was empty.
pub(crate) fn push_back(host: &mut dyn Host, operator: Address, strategy: Address, set: B256) -> Result<()> {
    let mut head = HEADS.get(host, (operator, strategy))?;
    if head.length == 0 {
        head.first = set;
    } else {
        let index = index(head, head.length)?;
        REST.set(host, (operator, strategy, index), set)?;
    }
    head.length = head.length.checked_add(1).ok_or_else(|| panic(PanicKind::UnderOverflow))?;
    Ok(HEADS.set(host, (operator, strategy), head)?)
}

/// Drops the first entry of a queue that has one.
fn pop_front(host: &mut dyn Host, operator: Address, strategy: Address, head: Head) -> Result<Head> {
    let length = head.length.checked_sub(1).ok_or(Fatal::Broken("only a queue with entries is shortened"))?;
    if length == 0 {
        return Ok(Head::default());
    }
    let next = index(head, 1)?;
    let first = REST.get(host, (operator, strategy, next))?;
    REST.set(host, (operator, strategy, next), B256::ZERO)?;
    Ok(Head { first, index: next as u32, length })
}

/// Frees the magnitude of deallocations that are due, at most `limit`, from the front.
///
/// # Errors
/// Out of gas, a static frame, or the node's.
pub(super) fn clear(host: &mut dyn Host, operator: Address, strategy: Address, limit: u16) -> Result<()> {
    let stored = HEADS.get(host, (operator, strategy))?;
    let mut head = stored;
    for _ in 0..limit {
        if head.length == 0 {
            break;
        }
        let allocated = Allocated::load(host, operator, head.first, strategy)?;
        if now(host) < allocated.row.effect_block {
            break;
        }
        allocated.store(host)?;
        head = pop_front(host, operator, strategy, head)?;
    }
    if head != stored {
        HEADS.set(host, (operator, strategy), head)?;
    }
    Ok(())
}

/// The sets in the queue, in order, for a look that stops when it has seen enough.
pub(crate) struct Walk {
    operator: Address,
    strategy: Address,
    head: Head,
    behind: u32,
}

impl Walk {
    /// # Errors
    /// Out of gas, or the node's.
    pub fn start<V: View + ?Sized>(view: &mut V, operator: Address, strategy: Address) -> Result<Self> {
        let head = HEADS.get(view, (operator, strategy))?;
        Ok(Self { operator, strategy, head, behind: 0 })
    }

    /// The next set, or `None` at the end.
    ///
    /// # Errors
    /// Out of gas, or the node's.
    pub fn next<V: View + ?Sized>(&mut self, view: &mut V) -> Result<Option<B256>> {
        if self.behind >= self.head.length {
            return Ok(None);
        }
        let set = match self.behind {
            0 => self.head.first,
            behind => REST.get(view, (self.operator, self.strategy, index(self.head, behind)?))?,
        };
        self.behind = self.behind.saturating_add(1);
        Ok(Some(set))
    }
}

/// Frees the magnitude of deallocations that are due, for anyone who asks: so many of each strategy.
///
/// # Errors
/// `CurrentlyPaused`, `InputArrayLengthMismatch`.
pub(super) fn clear_deallocation_queue(host: &mut dyn Host, call: clearDeallocationQueueCall) -> Result<()> {
    require_running(host, &PAUSED, PAUSED_MODIFY_ALLOCATIONS)?;
    let clearDeallocationQueueCall { operator, strategies, numToClear: limits } = call;
    require(strategies.len() == limits.len(), InputArrayLengthMismatch {})?;
    strategies
        .into_iter()
        .zip(limits)
        .try_for_each(|(strategy, limit)| clear(host, operator, strategy, limit))
}
