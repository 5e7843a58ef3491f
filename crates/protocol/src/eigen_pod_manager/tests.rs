//! Claims about EigenPodManager.

use crate::testkit::assert_dispatches;
use types::abi::IEigenPodManager::IEigenPodManagerCalls;

#[test]
fn every_selector_dispatches() {
    assert_dispatches(super::main, IEigenPodManagerCalls::SELECTORS);
}
