//! Gas estimates: enough, hardly more than enough, and precise reasons where nothing is enough.

use super::testkit::{ALICE, BOB, BOX, ETHER, REVERTER, context, environment, put, source, u};
use crate::executor::{
    AccountOverride, CallRequest, EstimateError, Overrides, Refusal, SimulationError, estimate_gas, simulate,
};
use alloy_primitives::{Address, Bytes, bytes};
use revm::context::result::HaltReason;

fn estimate(request: &CallRequest, overrides: &Overrides) -> Result<u64, EstimateError> {
    estimate_gas(&source(), &environment(), &context(5), request, overrides)
}

fn succeeds(request: &CallRequest, overrides: &Overrides, gas: u64) -> bool {
    let request = CallRequest { gas: Some(gas), ..request.clone() };
    simulate(&source(), &environment(), &context(5), &request, overrides)
        .is_ok_and(|outcome| outcome.is_success())
}

fn to(to: Address, input: impl Into<Bytes>) -> CallRequest {
    CallRequest { from: ALICE, to: Some(to), input: input.into(), ..CallRequest::default() }
}

fn with_code(at: Address, code: Bytes) -> Overrides {
    let account = AccountOverride { code: Some(code), ..AccountOverride::default() };
    Overrides { accounts: [(at, account)].into(), ..Overrides::default() }
}

/// The estimate is enough, and less by its precision is not.
fn assert_tight(request: &CallRequest, overrides: &Overrides) -> u64 {
    let gas = estimate(request, overrides).unwrap();
    assert!(succeeds(request, overrides, gas));
    let below = gas - gas / 64 - 1;
    assert!(!succeeds(request, overrides, below), "{gas} is too much: {below} does");
    gas
}

#[test]
fn a_transfer_needs_21000() {
    assert_eq!(estimate(&CallRequest { value: u(1), ..to(BOB, []) }, &Overrides::default()), Ok(21_000));
    assert_eq!(estimate(&to(Address::repeat_byte(8), []), &Overrides::default()), Ok(21_000));
}

#[test]
fn estimates_are_enough_and_tight() {
    let none = Overrides::default();
    assert_tight(&to(BOX, put(1, 5)), &none);
    assert_tight(&CallRequest { from: ALICE, input: bytes!("60205ff3"), ..CallRequest::default() }, &none);
    assert_tight(&to(BOB, vec![1; 1_000]), &none);
    // A refund at the end does not lower what is needed on the way: slot 1 is set and cleared.
    assert_tight(&to(BOB, []), &with_code(BOB, bytes!("60016001555f60015500")));
    // Needs far more than it uses: goes on only with a million gas left.
    let picky = bytes!("620f42405a11600c575f5ffd5b00");
    let gas = assert_tight(&to(BOB, []), &with_code(BOB, picky.clone()));
    assert!(gas > 1_000_000);
    // The same below a caller, who keeps a 64th.
    let mut overrides = with_code(BOX, picky);
    let caller = bytes!("5f5f5f5f5f73000000000000000000000000000000000000b0ce5af115602157005b5f5ffd");
    overrides.accounts.extend(with_code(BOB, caller).accounts);
    let gas = assert_tight(&to(BOB, []), &overrides);
    assert!(gas > 1_000_000 * 64 / 63 + 21_000);
}

#[test]
fn reasons_are_precise() {
    let none = Overrides::default();
    assert_eq!(
        estimate(&to(REVERTER, []), &none),
        Err(EstimateError::Reverted(u(0x2a).to_be_bytes::<32>().into()))
    );
    // An endless loop: JUMPDEST PUSH0 JUMP.
    let cap = 1 << 24;
    let endless = with_code(BOB, bytes!("5b5f56"));
    let error = estimate(&to(BOB, []), &endless).unwrap_err();
    assert_eq!(error, EstimateError::Allowance { allowance: cap });
    assert_eq!(error.to_string(), "gas required exceeds allowance (16777216)");
    let limited = CallRequest { gas: Some(30_000), ..to(BOX, put(1, 5)) };
    assert_eq!(estimate(&limited, &none), Err(EstimateError::Allowance { allowance: 30_000 }));
    let invalid = with_code(BOB, bytes!("fe"));
    assert_eq!(estimate(&to(BOB, []), &invalid), Err(EstimateError::Halted(HaltReason::InvalidFEOpcode)));
}

#[test]
fn the_senders_means_bound_the_gas() {
    let none = Overrides::default();
    // Ten ether at 10^15 wei a gas: 10,000 gas.
    let dear = CallRequest { fee_cap: Some(1_000_000_000_000_000), ..to(BOX, put(1, 5)) };
    assert_eq!(estimate(&dear, &none), Err(EstimateError::Allowance { allowance: 10_000 }));
    let broke = CallRequest { fee_cap: Some(10), value: ETHER * u(11), ..to(BOB, []) };
    let reason = Refusal::InsufficientFunds { have: ETHER * u(10), want: ETHER * u(11) };
    assert_eq!(estimate(&broke, &none), Err(EstimateError::Simulation(SimulationError::Refused(reason))));
}
