//! Claims about WETH.

use super::*;
use crate::{
    host::Status,
    mem::MemHost,
    testkit::{ALICE, BOB, STRANGER, chain, empty_revert, u},
};
use alloy_primitives::{Bytes, address};
use alloy_sol_types::{SolCall, SolEvent};
use types::{
    abi::IWETH::{IWETHCalls, decimalsCall, depositCall, nameCall, symbolCall, totalSupplyCall},
    addresses::WETH as HERE,
};

const GAS: u64 = 1_000_000;

/// Alice has 10 wei, and wraps 6 of them.
fn wrapped() -> MemHost {
    let mut chain = chain();
    chain.fund(ALICE, u(10));
    assert!(chain.send(ALICE, HERE, u(6), &depositCall {}.abi_encode(), GAS).answer.is_ok());
    chain
}

fn balance(chain: &mut MemHost, owner: Address) -> U256 {
    chain.ask(HERE, &balanceOfCall { owner }).unwrap()
}

#[test]
fn every_selector_dispatches_and_all_else_deposits() {
    for selector in IWETHCalls::SELECTORS {
        let mut chain = chain();
        chain.fund(ALICE, u(1));
        let mut input = selector.to_vec();
        input.extend([0; 96]);
        let outcome = chain.send(ALICE, HERE, u(1), &input, GAS);
        let takes_value = *selector == depositCall::SELECTOR;
        assert_eq!(outcome.answer.is_ok(), takes_value, "{}", Bytes::from(*selector));
    }
    for input in [&b""[..], b"gm", b"what is this?"] {
        let mut chain = chain();
        chain.fund(ALICE, u(1));
        assert_eq!(chain.send(ALICE, HERE, u(1), input, GAS).answer, Ok(Bytes::new()));
        assert_eq!(balance(&mut chain, ALICE), u(1));
    }
}

#[test]
fn it_says_what_it_is() {
    let mut chain = chain();
    assert_eq!(chain.ask(HERE, &nameCall {}), Ok("Wrapped Ether".into()));
    assert_eq!(chain.ask(HERE, &symbolCall {}), Ok("WETH".into()));
    assert_eq!(chain.ask(HERE, &decimalsCall {}), Ok(18));
}

#[test]
fn ether_goes_in_and_out() {
    let mut chain = wrapped();
    let [log] = chain.logs() else { panic!("one log") };
    assert_eq!(log.data, Deposit { dst: ALICE, wad: u(6) }.encode_log_data());
    assert_eq!(chain.ask(HERE, &totalSupplyCall {}), Ok(u(6)));

    chain.tell(ALICE, HERE, &withdrawCall { wad: u(4) }).unwrap();
    let [log] = chain.logs() else { panic!("one log") };
    assert_eq!(log.data, Withdrawal { src: ALICE, wad: u(4) }.encode_log_data());
    assert_eq!(chain.accounts.get(&ALICE).map(|account| account.balance), Some(u(8)));
    assert_eq!((balance(&mut chain, ALICE), chain.ask(HERE, &totalSupplyCall {})), (u(2), Ok(u(2))));
}

#[test]
fn it_moves_like_any_token() {
    let mut chain = wrapped();
    assert_eq!(chain.tell(ALICE, HERE, &transferCall { dst: BOB, wad: u(1) }), Ok(true));
    let [log] = chain.logs() else { panic!("one log") };
    assert_eq!(log.data, Transfer { src: ALICE, dst: BOB, wad: u(1) }.encode_log_data());

    assert_eq!(chain.tell(ALICE, HERE, &approveCall { guy: BOB, wad: u(3) }), Ok(true));
    let [log] = chain.logs() else { panic!("one log") };
    assert_eq!(log.data, Approval { src: ALICE, guy: BOB, wad: u(3) }.encode_log_data());
    let pull = transferFromCall { src: ALICE, dst: STRANGER, wad: u(2) };
    assert_eq!(chain.tell(BOB, HERE, &pull), Ok(true));
    assert_eq!(chain.ask(HERE, &allowanceCall { owner: ALICE, spender: BOB }), Ok(u(1)));
    assert_eq!(chain.tell(BOB, HERE, &pull).err(), Some(empty_revert()), "allowance");

    let own = transferFromCall { src: ALICE, dst: BOB, wad: u(1) };
    assert_eq!(chain.tell(ALICE, HERE, &own), Ok(true), "one's own needs no allowance");
}

#[test]
fn an_unlimited_allowance_stays() {
    let mut chain = wrapped();
    chain.tell(ALICE, HERE, &approveCall { guy: BOB, wad: U256::MAX }).unwrap();
    chain.tell(BOB, HERE, &transferFromCall { src: ALICE, dst: BOB, wad: u(2) }).unwrap();
    assert_eq!(chain.ask(HERE, &allowanceCall { owner: ALICE, spender: BOB }), Ok(U256::MAX));
}

#[test]
fn what_is_not_there_reverts_without_data() {
    let mut chain = wrapped();
    assert_eq!(chain.tell(ALICE, HERE, &withdrawCall { wad: u(7) }).err(), Some(empty_revert()));
    assert_eq!(chain.tell(ALICE, HERE, &transferCall { dst: BOB, wad: u(7) }).err(), Some(empty_revert()));
    assert_eq!(chain.send(ALICE, HERE, u(9), b"", GAS).answer.err(), Some(empty_revert()), "no such ether");
}

#[test]
fn a_receiver_that_refuses_ether_keeps_its_tokens() {
    fn miser(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
        if input.is_empty() {
            return revert_empty();
        }
        let deposit = depositCall {}.abi_encode();
        let withdraw = withdrawCall { wad: u(1) }.abi_encode();
        assert!(host.call(HERE, u(1), deposit.into())?.is_success());
        assert_eq!(host.call(HERE, U256::ZERO, withdraw.into())?.status, Status::Revert);
        Ok(Bytes::new())
    }
    let place = address!("0x0000000000000000000000000000000000000c01");
    let mut chain = chain();
    chain.place(place, miser);
    chain.fund(place, u(1));
    assert!(chain.send(ALICE, place, U256::ZERO, b"go", GAS).answer.is_ok());
    assert_eq!(balance(&mut chain, place), u(1));
}
