//! Lens: a staker's whole position, an operator's book and exposure, an operator set, and what a slash would do, each
//! in one call. Only reads; the same functions serve `restake_` off chain, on a view of any block (`decisions.md` 49).

mod book;
mod dispatch;
mod exposure;
mod position;
mod preview;
#[cfg(test)]
mod tests;

pub use book::{book, effect_blocks, operator_set};
pub use dispatch::main;
pub use exposure::exposure;
pub use position::position;
pub(crate) use preview::Stake;
pub use preview::{preview_slash, preview_slash_for};

use crate::{
    allocation_manager::rows::{
        ALLOCATED_SETS, ALLOCATED_STRATEGIES, MEMBERSHIPS, OPERATORS, REGISTERED_SETS,
    },
    host::{Result, View},
    lists::items,
    operator_set as names,
};
use alloy_primitives::{Address, B256};
use types::abi::ILens::OperatorSet;

fn key(set: &OperatorSet) -> B256 {
    names::key(set.avs, set.id)
}

fn set_of(key: B256) -> OperatorSet {
    let (avs, id) = names::parts(key);
    OperatorSet { avs, id }
}

/// The sets with anything of an operator allocated.
fn allocated_sets(view: &mut dyn View, operator: Address) -> Result<Vec<B256>> {
    let length = OPERATORS.get(view, operator)?.allocated_sets;
    items(view, &ALLOCATED_SETS, |index| (operator, index), length)
}

/// The sets that an operator is registered for.
fn registered_sets(view: &mut dyn View, operator: Address) -> Result<Vec<B256>> {
    let length = OPERATORS.get(view, operator)?.registered_sets;
    items(view, &REGISTERED_SETS, |index| (operator, index), length)
}

/// The strategies of an operator with anything allocated to a set.
fn allocated_strategies(view: &mut dyn View, operator: Address, set: B256) -> Result<Vec<Address>> {
    let length = MEMBERSHIPS.get(view, (operator, set))?.strategies;
    items(view, &ALLOCATED_STRATEGIES, |index| (operator, set, index), length)
}
