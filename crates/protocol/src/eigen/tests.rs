//! Claims about EIGEN; what it shares with bEIGEN is claimed there.

use super::*;
use crate::{
    backing_eigen::INITIAL_SUPPLY,
    mem::MemHost,
    testkit::{ALICE, BOB, OWNER, STRANGER, assert_dispatches, chain, says, u},
    votes_token::closed_entry,
};
use alloy_primitives::LogData;
use alloy_sol_types::SolEvent;
use types::{
    abi::{
        IERC20::{approveCall, balanceOfCall, transferCall},
        IEigen::{IEigenCalls, mintAllowedAfterCall, mintingAllowanceCall, versionCall},
        IVotesToken::{Approval, IVotesTokenCalls, Transfer, eip712DomainCall, getPastTotalSupplyCall},
    },
    addresses::EIGEN as HERE,
};

/// A chain where the owner has minted all EIGEN, and Alice holds 1000.
fn started() -> MemHost {
    let mut chain = chain();
    chain.tell(OWNER, HERE, &mintCall {}).unwrap();
    chain.tell(OWNER, HERE, &transferCall { to: ALICE, value: u(1000) }).unwrap();
    chain
}

fn held(chain: &mut MemHost, token: Address, account: Address) -> U256 {
    chain.ask(token, &balanceOfCall { account }).unwrap()
}

fn logs(chain: &MemHost) -> Vec<(Address, LogData)> {
    chain.logs().iter().map(|log| (log.address, log.data.clone())).collect()
}

#[test]
fn every_selector_dispatches() {
    assert_dispatches(main, IEigenCalls::SELECTORS);
    assert_dispatches(main, IVotesTokenCalls::SELECTORS);
}

#[test]
fn a_minter_mints_once() {
    let mut chain = chain();
    let none = Some(says("Eigen.mint: msg.sender has no minting allowance"));
    assert_eq!(chain.tell(STRANGER, HERE, &mintCall {}).err(), none);
    assert_eq!(chain.ask(HERE, &mintingAllowanceCall { minter: OWNER }), Ok(INITIAL_SUPPLY));
    let until = U256::from(chain.block.timestamp);
    let (slot, value) = MINT_ALLOWED_AFTER.entry(OWNER, until);
    chain.accounts.get_mut(&HERE).unwrap().storage.insert(slot, value);
    let early = Some(says("Eigen.mint: msg.sender is not allowed to mint yet"));
    assert_eq!(chain.tell(OWNER, HERE, &mintCall {}).err(), early, "in that very second");
    assert_eq!(chain.ask(HERE, &mintAllowedAfterCall { minter: OWNER }), Ok(until));
    chain.block.timestamp += 1;
    chain.tell(OWNER, HERE, &mintCall {}).unwrap();
    let made = Transfer { from: Address::ZERO, to: OWNER, value: INITIAL_SUPPLY }.encode_log_data();
    let told = Mint { minter: OWNER, amount: INITIAL_SUPPLY }.encode_log_data();
    assert_eq!(logs(&chain), [(HERE, made), (HERE, told)]);
    assert_eq!(chain.tell(OWNER, HERE, &mintCall {}).err(), none);
    assert_eq!(held(&mut chain, HERE, OWNER), INITIAL_SUPPLY);
    assert_eq!(chain.ask(HERE, &versionCall {}), Ok("1.13.1".into()));
}

#[test]
fn unwrapping_and_wrapping_are_one_for_one() {
    let mut chain = started();
    chain.tell(ALICE, HERE, &unwrapCall { amount: u(600) }).unwrap();
    let burnt = Transfer { from: ALICE, to: Address::ZERO, value: u(600) }.encode_log_data();
    let paid = Transfer { from: HERE, to: ALICE, value: u(600) }.encode_log_data();
    let told = TokenUnwrapped { account: ALICE, amount: u(600) }.encode_log_data();
    assert_eq!(logs(&chain), [(HERE, burnt), (BACKING_EIGEN, paid), (HERE, told)]);
    assert_eq!((held(&mut chain, HERE, ALICE), held(&mut chain, BACKING_EIGEN, ALICE)), (u(400), u(600)));

    let wrap = wrapCall { amount: u(100) };
    assert_eq!(chain.tell(ALICE, HERE, &wrap).err(), Some(says("ERC20: insufficient allowance")));
    chain.tell(ALICE, BACKING_EIGEN, &approveCall { spender: HERE, value: u(100) }).unwrap();
    chain.tell(ALICE, HERE, &wrap).unwrap();
    let spent = Approval { owner: ALICE, spender: HERE, value: u(0) }.encode_log_data();
    let taken = Transfer { from: ALICE, to: HERE, value: u(100) }.encode_log_data();
    let made = Transfer { from: Address::ZERO, to: ALICE, value: u(100) }.encode_log_data();
    let told = TokenWrapped { account: ALICE, amount: u(100) }.encode_log_data();
    assert_eq!(logs(&chain), [(BACKING_EIGEN, spent), (BACKING_EIGEN, taken), (HERE, made), (HERE, told)]);
    assert_eq!((held(&mut chain, HERE, ALICE), held(&mut chain, BACKING_EIGEN, ALICE)), (u(500), u(500)));
    let too_much = chain.tell(ALICE, HERE, &unwrapCall { amount: u(501) });
    assert_eq!(too_much.err(), Some(says("ERC20: burn amount exceeds balance")));
}

#[test]
fn the_supply_it_tells_is_that_of_what_backs_it() {
    let mut chain = chain();
    assert_eq!(chain.ask(HERE, &totalSupplyCall {}), Ok(INITIAL_SUPPLY), "before any EIGEN exists");
    chain.tell(OWNER, HERE, &mintCall {}).unwrap();
    let minted_at = chain.block.timestamp;
    chain.block.timestamp += 1;
    assert_eq!(chain.ask(HERE, &totalSupplyCall {}), Ok(INITIAL_SUPPLY));
    let ask = |at: u64| getPastTotalSupplyCall { timepoint: u(at) };
    assert_eq!(chain.ask(HERE, &ask(minted_at - 1)), Ok(u(0)), "its own history");
    assert_eq!(chain.ask(HERE, &ask(minted_at)), Ok(INITIAL_SUPPLY));
}

#[test]
fn multisend_pays_many() {
    let mut chain = started();
    let call = |amounts: &[u64]| multisendCall {
        receivers: vec![BOB, STRANGER],
        amounts: amounts.iter().map(|amount| u(*amount)).collect(),
    };
    let uneven = chain.tell(ALICE, HERE, &call(&[1])).err();
    assert_eq!(uneven, Some(says("Eigen.multisend: receivers and amounts must be the same length")));
    let too_much = chain.tell(ALICE, HERE, &call(&[999, 2])).err();
    assert_eq!(too_much, Some(says("ERC20: transfer amount exceeds balance")));
    chain.tell(ALICE, HERE, &call(&[999, 1])).unwrap();
    assert_eq!((held(&mut chain, HERE, BOB), held(&mut chain, HERE, STRANGER)), (u(999), u(1)));
}

#[test]
fn while_transfers_are_closed_it_still_unwraps() {
    let mut chain = started();
    let (slot, value) = closed_entry();
    chain.accounts.get_mut(&HERE).unwrap().storage.insert(slot, value);
    let sent = chain.tell(ALICE, HERE, &transferCall { to: BOB, value: u(1) }).err();
    assert_eq!(sent, Some(says("Eigen._beforeTokenTransfer: from or to must be whitelisted")));
    assert!(chain.tell(ALICE, HERE, &unwrapCall { amount: u(1) }).is_ok());
}

#[test]
fn its_domain_has_its_own_name() {
    assert_eq!(chain().ask(HERE, &eip712DomainCall {}).unwrap().name, "EIGEN");
}
