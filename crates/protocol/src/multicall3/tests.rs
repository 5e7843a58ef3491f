//! Claims about Multicall3.

use super::*;
use crate::{
    mem::MemHost,
    testkit::{ALICE, BOB, assert_dispatches, chain, empty_revert, says, u},
};
use alloy_primitives::b256;
use alloy_sol_types::SolCall;
use types::{
    abi::{
        IERC20,
        IMulticall3::{
            IMulticall3Calls, getBasefeeCall, getBlockNumberCall, getChainIdCall,
            getCurrentBlockCoinbaseCall, getCurrentBlockDifficultyCall, getCurrentBlockGasLimitCall,
            getCurrentBlockTimestampCall, getEthBalanceCall, getLastBlockHashCall,
        },
        ITestToken,
    },
    addresses::{MULTICALL3 as HERE, TEST_TOKEN, WETH},
};

const GAS: u64 = 10_000_000;

fn mint(value: u64) -> Bytes {
    ITestToken::mintCall { to: ALICE, value: u(value) }.abi_encode().into()
}

/// Fails: Multicall3 has nothing to send.
fn overdraw() -> Bytes {
    ITestToken::transferCall { to: ALICE, value: u(1) }.abi_encode().into()
}

fn minted(chain: &mut MemHost) -> U256 {
    chain.ask(TEST_TOKEN, &IERC20::balanceOfCall { account: ALICE }).unwrap()
}

fn pair() -> Vec<Call> {
    vec![Call { target: TEST_TOKEN, callData: mint(5) }, Call { target: TEST_TOKEN, callData: overdraw() }]
}

#[test]
fn every_selector_dispatches() {
    assert_dispatches(main, IMulticall3Calls::SELECTORS);
}

#[test]
fn each_call_is_made_in_order_by_multicall_itself() {
    let mut chain = chain();
    let total = ITestToken::totalSupplyCall {}.abi_encode();
    let calls = vec![
        Call3 { target: TEST_TOKEN, allowFailure: false, callData: mint(5) },
        Call3 { target: TEST_TOKEN, allowFailure: true, callData: overdraw() },
        Call3 { target: TEST_TOKEN, allowFailure: false, callData: total.into() },
    ];
    let results = chain.tell(BOB, HERE, &aggregate3Call { calls }).unwrap();
    assert_eq!(results.iter().map(|result| result.success).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(results[2].returnData.as_ref(), u(5).to_be_bytes::<32>());
    let refused = ITestToken::ERC20InsufficientBalance { sender: HERE, balance: U256::ZERO, needed: u(1) };
    assert_eq!(results[1].returnData, Bytes::from(alloy_sol_types::SolError::abi_encode(&refused)));
}

#[test]
fn a_failure_that_is_not_allowed_undoes_all() {
    let failed = || Some(says("Multicall3: call failed"));
    let strict = Call3 { target: TEST_TOKEN, allowFailure: false, callData: overdraw() };
    let with_value =
        Call3Value { target: TEST_TOKEN, allowFailure: false, value: U256::ZERO, callData: overdraw() };
    let mint = Call3 { target: TEST_TOKEN, allowFailure: false, callData: mint(5) };

    let mut chain = chain();
    assert_eq!(chain.tell(BOB, HERE, &aggregate3Call { calls: vec![mint, strict] }).err(), failed());
    assert_eq!(chain.tell(BOB, HERE, &aggregate3ValueCall { calls: vec![with_value] }).err(), failed());
    assert_eq!(chain.tell(BOB, HERE, &aggregateCall { calls: pair() }).err(), failed());
    assert_eq!(chain.tell(BOB, HERE, &blockAndAggregateCall { calls: pair() }).err(), failed());
    let try_all = tryAggregateCall { requireSuccess: true, calls: pair() };
    assert_eq!(chain.tell(BOB, HERE, &try_all).err(), failed());
    assert_eq!(minted(&mut chain), u(0));

    let try_some = tryAggregateCall { requireSuccess: false, calls: pair() };
    let results = chain.tell(BOB, HERE, &try_some).unwrap();
    assert_eq!(results.iter().map(|result| result.success).collect::<Vec<_>>(), [true, false]);
    assert_eq!(minted(&mut chain), u(5));
}

#[test]
fn the_block_comes_with_the_results() {
    let mut chain = chain();
    let calls = || vec![Call { target: TEST_TOKEN, callData: mint(1) }];
    let old = chain.tell(BOB, HERE, &aggregateCall { calls: calls() }).unwrap();
    assert_eq!((old.blockNumber, old.returnData), (u(1000), vec![Bytes::new()]));
    let new = chain.tell(BOB, HERE, &blockAndAggregateCall { calls: calls() }).unwrap();
    assert_eq!((new.blockNumber, new.blockHash, new.returnData.len()), (u(1000), B256::ZERO, 1));
    let call = tryBlockAndAggregateCall { requireSuccess: false, calls: pair() };
    let both = chain.tell(BOB, HERE, &call).unwrap();
    assert_eq!((both.blockNumber, both.returnData.len()), (u(1000), 2));
}

#[test]
fn values_are_sent_and_must_add_up() {
    let calls = || {
        [1, 2].map(|wei| Call3Value {
            target: WETH,
            allowFailure: false,
            value: u(wei),
            callData: Bytes::new(),
        })
    };
    let input = aggregate3ValueCall { calls: calls().into() }.abi_encode();
    let mut chain = chain();
    chain.fund(ALICE, u(10));
    chain.fund(HERE, u(1));
    assert!(chain.send(ALICE, HERE, u(3), &input, GAS).answer.is_ok());
    let held = types::abi::IWETH::balanceOfCall { owner: HERE };
    assert_eq!(chain.ask(WETH, &held), Ok(u(3)));

    let mismatch = Some(says("Multicall3: value mismatch"));
    assert_eq!(chain.send(ALICE, HERE, u(4), &input, GAS).answer.err(), mismatch);
    assert_eq!(chain.send(ALICE, HERE, u(2), &input, GAS).answer.err(), mismatch, "what lies there pays");
    assert_eq!(chain.ask(WETH, &held), Ok(u(3)));
}

#[test]
fn the_block_is_told() {
    let mut chain = chain();
    let (last, older) = (B256::repeat_byte(0x99), B256::repeat_byte(0x98));
    chain.block_hashes = [(999, last), (744, older), (743, older), (1000, last)].into();
    chain.block.coinbase = BOB;
    chain.block.prevrandao = b256!("0x00000000000000000000000000000000000000000000000000000000000000aa");
    (chain.block.gas_limit, chain.block.base_fee) = (60_000_000, 7);
    chain.fund(ALICE, u(12));

    assert_eq!(chain.ask(HERE, &getLastBlockHashCall {}), Ok(last));
    for (number, hash) in
        [(u(744), older), (u(743), B256::ZERO), (u(1000), B256::ZERO), (U256::MAX, B256::ZERO)]
    {
        assert_eq!(chain.ask(HERE, &getBlockHashCall { blockNumber: number }), Ok(hash), "{number}");
    }
    assert_eq!(chain.ask(HERE, &getBlockNumberCall {}), Ok(u(1000)));
    assert_eq!(chain.ask(HERE, &getCurrentBlockTimestampCall {}), Ok(u(1_700_000_000)));
    assert_eq!(chain.ask(HERE, &getCurrentBlockCoinbaseCall {}), Ok(BOB));
    assert_eq!(chain.ask(HERE, &getCurrentBlockDifficultyCall {}), Ok(u(0xaa)));
    assert_eq!(chain.ask(HERE, &getCurrentBlockGasLimitCall {}), Ok(u(60_000_000)));
    assert_eq!(chain.ask(HERE, &getBasefeeCall {}), Ok(u(7)));
    assert_eq!(chain.ask(HERE, &getChainIdCall {}), Ok(u(31337)));
    assert_eq!(chain.ask(HERE, &getEthBalanceCall { addr: ALICE }), Ok(u(12)));
}

#[test]
fn a_starved_call_fails_alone() {
    fn glutton(host: &mut dyn Host, _: &[u8]) -> Result<Bytes> {
        host.charge_gas(u64::MAX)?;
        Ok(Bytes::new())
    }
    let place = Address::repeat_byte(0xfa);
    let mut chain = chain();
    chain.place(place, glutton);
    let calls = vec![
        Call3 { target: place, allowFailure: true, callData: Bytes::new() },
        Call3 { target: TEST_TOKEN, allowFailure: false, callData: mint(5) },
    ];
    let outcome = chain.send(BOB, HERE, U256::ZERO, &aggregate3Call { calls }.abi_encode(), GAS);
    assert!(outcome.answer.is_ok());
    assert_eq!(minted(&mut chain), u(5));
}

#[test]
fn views_take_no_value() {
    let mut chain = chain();
    chain.fund(ALICE, u(1));
    let outcome = chain.send(ALICE, HERE, u(1), &getChainIdCall {}.abi_encode(), GAS);
    assert_eq!(outcome.answer.err(), Some(empty_revert()));
}
