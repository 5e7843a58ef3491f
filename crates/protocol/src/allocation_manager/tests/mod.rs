//! Claims about AllocationManager.

#![allow(clippy::arithmetic_side_effects, reason = "the numbers of tests are small and known")]

mod delays;
mod errors;
mod properties;
mod rules;
mod slots;

use crate::testkit::assert_dispatches;
use types::abi::IAllocationManager::IAllocationManagerCalls;

#[test]
fn every_selector_dispatches() {
    assert_dispatches(super::main, IAllocationManagerCalls::SELECTORS);
}
