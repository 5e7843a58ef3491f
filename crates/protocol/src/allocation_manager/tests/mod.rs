//! Claims about AllocationManager.

mod delays;

use crate::testkit::assert_dispatches;
use types::abi::IAllocationManager::IAllocationManagerCalls;

#[test]
fn every_selector_dispatches() {
    assert_dispatches(super::main, IAllocationManagerCalls::SELECTORS);
}
