//! Claims about DelegationManager and what it does together with StrategyManager. What the executed cases cover
//! (`tests/cases`) is not repeated here, but the worked examples of restaking-core §9 are.

#![allow(clippy::arithmetic_side_effects, reason = "the numbers of tests are small and known")]

mod accounting;
mod errors;
mod events;
mod properties;
mod slots;
mod window;

use crate::testkit::assert_dispatches;
use types::abi::IDelegationManager::IDelegationManagerCalls;

#[test]
fn every_selector_dispatches() {
    assert_dispatches(super::main, IDelegationManagerCalls::SELECTORS);
}
