//! Native frames use the thread's stack: the deepest nesting must fit many times over.

use super::{
    contracts::{RELAY, Relay},
    testkit::{ALICE, PROBE, chain, forward_to, relay_to, tx},
};
use crate::executor::STACK_BYTES;
use alloy_sol_types::SolCall;
use protocol::registry::MAX_NATIVE_NESTING;
use revm::{InspectEvm, context::TxEnv};
use revm_inspectors::tracing::{TracingInspector, TracingInspectorConfig};

/// The deepest nesting of native and EVM frames, watched, in a thread with an eighth of the stack.
#[test]
fn the_deepest_nesting_fits_the_stack_eight_times() {
    let deepest = || {
        let mut chain = chain(super::testkit::TOKEN, TracingInspector::new(TracingInspectorConfig::all()));
        let mut call = relay_to(RELAY, Relay::countCall {});
        for _ in 2..MAX_NATIVE_NESTING {
            call = relay_to(PROBE, forward_to(RELAY, call));
        }
        let tx = TxEnv { gas_limit: 16_000_000, ..tx(&mut chain, ALICE, RELAY, call.abi_encode()) };
        let result = chain.inspect_tx(tx).unwrap().result;
        assert!(result.is_success(), "{result:?}");
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES / 8).spawn(deepest).unwrap();
    thread.join().unwrap();
}
