//! Calls: relaxed checks, pretended state and blocks, inspectors, transactions run again.

use super::testkit::{
    ALICE, BOB, BOX, BOX_CODE, ETHER, REVERTER, context, environment, hash_of, put, seal, source, tx, u,
};
use crate::executor::{
    AccountOverride, BlockOverrides, CallRequest, Ending, Outcome, Overrides, Refusal, SimulationError,
    Simulator, simulate,
};
use alloy_primitives::{Address, Bytes, U256, bytes};
use protocol::registry::STUB_CODE;
use revm::context::result::HaltReason;
use revm_inspectors::tracing::{TracingInspector, TracingInspectorConfig};
use types::addresses::{MULTICALL3, WETH};

fn call(request: &CallRequest, overrides: &Overrides) -> Outcome {
    simulate(&source(), &environment(), &context(5), request, overrides).unwrap()
}

fn to(to: Address, input: impl Into<Bytes>) -> CallRequest {
    CallRequest { to: Some(to), input: input.into(), ..CallRequest::default() }
}

fn pretending(address: Address, account: AccountOverride) -> Overrides {
    Overrides { accounts: [(address, account)].into(), ..Overrides::default() }
}

fn word(value: U256) -> Ending {
    Ending::Returned(Bytes::copy_from_slice(&value.to_be_bytes::<32>()))
}

/// Code that returns what an opcode without operands pushes.
fn telling(opcode: u8) -> AccountOverride {
    let code = Bytes::from(vec![opcode, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3]);
    AccountOverride { code: Some(code), ..AccountOverride::default() }
}

#[test]
fn a_call_needs_neither_money_nor_nonce_nor_a_key() {
    assert!(call(&to(BOX, put(1, 1)), &Overrides::default()).is_success());
    // From a contract, too.
    assert!(call(&CallRequest { from: BOX, ..to(BOX, put(1, 1)) }, &Overrides::default()).is_success());
    assert!(call(&CallRequest { nonce: Some(99), ..to(BOX, put(1, 1)) }, &Overrides::default()).is_success());
}

#[test]
fn ends_are_told_apart() {
    let none = Overrides::default();
    let reverted = call(&to(REVERTER, []), &none).ending;
    assert_eq!(reverted, Ending::Reverted(u(0x2a).to_be_bytes::<32>().into()));
    let invalid = pretending(BOB, AccountOverride { code: Some(bytes!("fe")), ..Default::default() });
    let halted = call(&CallRequest { gas: Some(50_000), ..to(BOB, []) }, &invalid);
    assert_eq!((halted.ending, halted.gas_used), (Ending::Halted(HaltReason::InvalidFEOpcode), 50_000));
    let made = call(&CallRequest { from: ALICE, input: bytes!("60205ff3"), ..CallRequest::default() }, &none);
    let address = Some(ALICE.create(0));
    assert_eq!(made.ending, Ending::Created { address, code: vec![0; 32].into() });
}

#[test]
fn money_counts_where_it_is_named() {
    let refused = |request: &CallRequest| {
        simulate(&source(), &environment(), &context(5), request, &Overrides::default()).unwrap_err()
    };
    let poor = Address::repeat_byte(3);
    let value = CallRequest { from: poor, value: u(1), ..to(BOB, []) };
    assert_eq!(
        refused(&value),
        SimulationError::Refused(Refusal::InsufficientFunds { have: U256::ZERO, want: u(1) })
    );
    let cheap = CallRequest { from: ALICE, fee_cap: Some(6), gas: Some(50_000), ..to(BOB, []) };
    assert_eq!(refused(&cheap), SimulationError::Refused(Refusal::BelowBaseFee { have: 6, want: 7 }));
    let short = CallRequest { gas: Some(20_000), ..to(BOB, []) };
    assert_eq!(
        refused(&short),
        SimulationError::Refused(Refusal::IntrinsicGas { have: 20_000, want: 21_000 })
    );
}

#[test]
fn accounts_can_be_pretended() {
    let rich = pretending(
        Address::repeat_byte(3),
        AccountOverride { balance: Some(ETHER), ..AccountOverride::default() },
    );
    let value = CallRequest { from: Address::repeat_byte(3), value: ETHER, ..to(BOB, []) };
    assert!(call(&value, &rich).is_success());

    // Returns slot 1: once over the real storage, once over a changed slot, once over another storage.
    let reader = bytes!("60015460005260206000f3");
    let mut real = source();
    real.slots.extend([((BOX, u(1)), u(11)), ((BOX, u(2)), u(22))]);
    let read = |account: AccountOverride| {
        let account = AccountOverride { code: Some(reader.clone()), ..account };
        simulate(&real, &environment(), &context(5), &to(BOX, []), &pretending(BOX, account)).unwrap().ending
    };
    assert_eq!(read(AccountOverride::default()), word(u(11)));
    assert_eq!(read(AccountOverride { slots: vec![(u(1), u(5))], ..Default::default() }), word(u(5)));
    assert_eq!(read(AccountOverride { slots: vec![(u(2), u(5))], ..Default::default() }), word(u(11)));
    assert_eq!(read(AccountOverride { storage: Some(vec![(u(2), u(5))]), ..Default::default() }), word(u(0)));
}

#[test]
fn native_contracts_can_be_placed_by_pretending() {
    let code = |code: Bytes| AccountOverride { code: Some(code), ..AccountOverride::default() };
    // decimals()
    let decimals = to(WETH, bytes!("313ce567"));
    assert_eq!(call(&decimals, &Overrides::default()).output(), Bytes::new(), "not in this state");
    let stub = pretending(WETH, code(Bytes::from_static(&STUB_CODE)));
    assert_eq!(call(&decimals, &stub).ending, word(u(18)));
}

#[test]
fn the_block_can_be_pretended() {
    let block = BlockOverrides {
        number: Some(77),
        timestamp: Some(88),
        base_fee: Some(99),
        gas_limit: Some(1_000_000),
        beneficiary: Some(BOB),
        prev_randao: Some(hash_of(1)),
        block_hashes: [(76, hash_of(2))].into(),
        parent_hash: None,
    };
    let pretend = |code: AccountOverride, block: &BlockOverrides| {
        let overrides = Overrides { block: block.clone(), ..pretending(BOX, code) };
        call(&to(BOX, []), &overrides).ending
    };
    for (opcode, value) in [
        (0x43, u(77)),
        (0x42, u(88)),
        (0x48, u(99)),
        (0x45, u(1_000_000)),
        (0x41, BOB.into_word().into()),
        (0x44, hash_of(1).into()),
    ] {
        assert_eq!(pretend(telling(opcode), &block), word(value), "opcode {opcode:x}");
    }
    // BLOCKHASH of 76.
    let code = AccountOverride { code: Some(bytes!("604c405f5260205ff3")), ..Default::default() };
    assert_eq!(pretend(code, &block), word(hash_of(2).into()));
}

#[test]
fn transactions_run_again_below_an_inspector() {
    let mut after = source();
    let transactions = [
        tx(ALICE, 0, BOX, U256::ZERO, put(1, 5)).signed(),
        tx(ALICE, 1, BOX, U256::ZERO, put(1, 6)).signed(),
        tx(BOB, 0, REVERTER, U256::ZERO, []).signed(),
    ];
    let executed = seal(&mut after, 5, &transactions);
    let (before, environment) = (source(), environment());
    let mut simulator = Simulator::new(&before, &environment, context(5));
    let mut cumulative = 0;
    for (transaction, receipt) in transactions.iter().zip(&executed.block.receipts) {
        let mut inspector = TracingInspector::new(TracingInspectorConfig::all());
        let seen = simulator.inspect_transaction(transaction, &mut inspector).unwrap();
        assert!(inspector.traces().nodes()[0].trace.steps.len() > 3);
        let kept = simulator.execute(transaction).unwrap();
        assert_eq!(seen.outcome(), kept);
        cumulative += kept.gas_used;
        assert_eq!((cumulative, kept.is_success()), (receipt.cumulative_gas_used(), receipt.is_success()));
    }
}

#[test]
fn calls_are_watched_and_forgotten() {
    let (source, environment) = (source(), environment());
    let mut simulator = Simulator::new(&source, &environment, context(5));
    let mut inspector = TracingInspector::new(TracingInspectorConfig::default_geth());
    let plain = simulator.call(&to(BOX, put(1, 5))).unwrap();
    let watched = simulator.inspect_call(&to(BOX, put(1, 5)), &mut inspector).unwrap();
    assert_eq!(plain.outcome(), watched.outcome());
    assert_eq!(plain.state()[&BOX].storage[&u(1)].present_value, u(5));
    assert_eq!(simulator.call(&to(BOX, put(1, 5))).unwrap().outcome().gas_used, plain.outcome().gas_used);
    // Kept, the slot is no longer new, and writing it again is cheap.
    simulator.keep(plain.clone());
    assert!(
        simulator.call(&to(BOX, put(1, 5))).unwrap().outcome().gas_used < plain.outcome().gas_used - 15_000
    );
    assert_eq!(source.slots.len(), 0);
    assert!(BOX_CODE.len() == 7 && MULTICALL3 != BOX);
}
