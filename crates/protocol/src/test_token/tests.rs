//! Claims about TestToken.

use super::*;
use crate::testkit::{ALICE, BOB, STRANGER, assert_dispatches, chain, reverts, u};
use alloy_primitives::Address;
use alloy_sol_types::SolEvent;
use proptest::prelude::*;
use types::{
    abi::ITestToken::{ITestTokenCalls, decimalsCall, nameCall, symbolCall, totalSupplyCall},
    addresses::TEST_TOKEN as HERE,
};

fn mint_to(to: Address, value: u64) -> mintCall {
    mintCall { to, value: u(value) }
}

#[test]
fn every_selector_dispatches() {
    assert_dispatches(main, ITestTokenCalls::SELECTORS);
}

#[test]
fn it_says_what_it_is() {
    let mut chain = chain();
    assert_eq!(chain.ask(HERE, &nameCall {}), Ok("Bulwark Test Token".into()));
    assert_eq!(chain.ask(HERE, &symbolCall {}), Ok("TEST".into()));
    assert_eq!(chain.ask(HERE, &decimalsCall {}), Ok(18));
}

#[test]
fn anyone_mints() {
    let mut chain = chain();
    chain.tell(STRANGER, HERE, &mint_to(ALICE, 7)).unwrap();
    let event = Transfer { from: Address::ZERO, to: ALICE, value: u(7) };
    let [log] = chain.logs() else { panic!("one log") };
    assert_eq!((log.address, &log.data), (HERE, &event.encode_log_data()));
    assert_eq!(chain.ask(HERE, &balanceOfCall { account: ALICE }), Ok(u(7)));
    assert_eq!(chain.ask(HERE, &totalSupplyCall {}), Ok(u(7)));
}

#[test]
fn the_supply_does_not_overflow() {
    let mut chain = chain();
    chain.tell(ALICE, HERE, &mintCall { to: ALICE, value: U256::MAX }).unwrap();
    let overflow = math::panic(alloy_sol_types::PanicKind::UnderOverflow);
    assert_eq!(chain.tell(ALICE, HERE, &mint_to(BOB, 1)).err(), Some(overflow));
}

#[test]
fn a_transfer_moves_and_tells() {
    let mut chain = chain();
    chain.tell(ALICE, HERE, &mint_to(ALICE, 10)).unwrap();
    assert_eq!(chain.tell(ALICE, HERE, &transferCall { to: BOB, value: u(4) }), Ok(true));
    let event = Transfer { from: ALICE, to: BOB, value: u(4) };
    assert_eq!(chain.logs().first().map(|log| &log.data), Some(&event.encode_log_data()));
    assert_eq!(chain.tell(ALICE, HERE, &transferCall { to: ALICE, value: u(6) }), Ok(true), "to itself");
    assert_eq!(chain.ask(HERE, &balanceOfCall { account: ALICE }), Ok(u(6)));
}

#[test]
fn an_allowance_is_used_up_unless_unlimited() {
    for (allowed, left) in [(u(5), u(2)), (U256::MAX, U256::MAX)] {
        let mut chain = chain();
        chain.tell(ALICE, HERE, &mint_to(ALICE, 10)).unwrap();
        chain.tell(ALICE, HERE, &approveCall { spender: BOB, value: allowed }).unwrap();
        let event = Approval { owner: ALICE, spender: BOB, value: allowed };
        assert_eq!(chain.logs().first().map(|log| &log.data), Some(&event.encode_log_data()));

        let pull = transferFromCall { from: ALICE, to: STRANGER, value: u(3) };
        assert_eq!(chain.tell(BOB, HERE, &pull), Ok(true));
        assert_eq!(chain.logs().len(), 1, "no Approval when an allowance is used");
        assert_eq!(chain.ask(HERE, &allowanceCall { owner: ALICE, spender: BOB }), Ok(left));
    }
}

#[test]
fn each_error_has_its_moment() {
    let mut chain = chain();
    chain.tell(ALICE, HERE, &mint_to(ALICE, 1)).unwrap();
    let nobody = Address::ZERO;
    let refusals = [
        (
            chain.tell(ALICE, HERE, &transferCall { to: BOB, value: u(2) }).err(),
            reverts(ERC20InsufficientBalance { sender: ALICE, balance: u(1), needed: u(2) }),
        ),
        (
            chain.tell(BOB, HERE, &transferFromCall { from: ALICE, to: BOB, value: u(1) }).err(),
            reverts(ERC20InsufficientAllowance { spender: BOB, allowance: U256::ZERO, needed: u(1) }),
        ),
        (
            chain.tell(ALICE, HERE, &transferCall { to: nobody, value: u(1) }).err(),
            reverts(ERC20InvalidReceiver { receiver: nobody }),
        ),
        (
            chain.tell(ALICE, HERE, &mint_to(nobody, 1)).err(),
            reverts(ERC20InvalidReceiver { receiver: nobody }),
        ),
        (
            chain.tell(nobody, HERE, &transferCall { to: BOB, value: u(0) }).err(),
            reverts(ERC20InvalidSender { sender: nobody }),
        ),
        (
            chain.tell(ALICE, HERE, &approveCall { spender: nobody, value: u(1) }).err(),
            reverts(ERC20InvalidSpender { spender: nobody }),
        ),
        (
            chain.tell(BOB, HERE, &transferFromCall { from: nobody, to: BOB, value: u(0) }).err(),
            reverts(ERC20InvalidApprover { approver: nobody }),
        ),
    ];
    for (found, expected) in refusals {
        assert_eq!(found, Some(expected));
    }
}

proptest! {
    #[test]
    fn balances_sum_to_the_supply(steps in prop::collection::vec((0..3_usize, 0..3_usize, 0..50_u64, any::<bool>()), 1..60)) {
        let people = [ALICE, BOB, STRANGER];
        let mut chain = chain();
        for (from, to, value, is_mint) in steps {
            let (from, to) = (people[from], people[to]);
            let _ = if is_mint {
                chain.tell(from, HERE, &mint_to(to, value)).err()
            } else {
                chain.tell(from, HERE, &transferCall { to, value: u(value) }).err()
            };
        }
        let sum: U256 = people.iter().map(|who| chain.ask(HERE, &balanceOfCall { account: *who }).unwrap()).sum();
        prop_assert_eq!(chain.ask(HERE, &totalSupplyCall {}), Ok(sum));
    }
}
