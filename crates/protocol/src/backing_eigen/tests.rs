//! Claims about bEIGEN, and about what it shares with EIGEN.

use super::*;
use crate::{
    host::Error,
    math::panic,
    mem::MemHost,
    testkit::{ALICE, BOB, OWNER, STRANGER, assert_dispatches, chain, says, u},
    votes_token::closed_entry,
};
use alloy_primitives::{B256, LogData, keccak256};
use alloy_sol_types::{PanicKind, SolEvent};
use secp256k1::{Message, PublicKey, SECP256K1, SecretKey, constants::CURVE_ORDER};
use types::{
    abi::{
        IBackingEigen::IBackingEigenCalls,
        IVotesToken::{
            Approval, DOMAIN_SEPARATORCall, DelegateChanged, DelegateVotesChanged, IVotesTokenCalls,
            SetAllowedFrom, SetAllowedTo, Transfer, TransferRestrictionsDisabled, allowanceCall, approveCall,
            balanceOfCall, checkpointsCall, clockCall, decreaseAllowanceCall, delegateBySigCall,
            delegateCall, delegatesCall, disableTransferRestrictionsCall, eip712DomainCall,
            getPastTotalSupplyCall, getPastVotesCall, getVotesCall, increaseAllowanceCall, noncesCall,
            numCheckpointsCall, permitCall, setAllowedFromCall, setAllowedToCall, totalSupplyCall,
            transferCall, transferFromCall,
        },
    },
    addresses::BACKING_EIGEN as HERE,
};

/// A chain where Alice holds 1000.
fn started() -> MemHost {
    let mut chain = chain();
    chain.tell(OWNER, HERE, &mintCall { to: ALICE, amount: u(1000) }).unwrap();
    chain
}

fn logs(chain: &MemHost) -> Vec<LogData> {
    chain.logs().iter().map(|log| log.data.clone()).collect()
}

fn balance(chain: &mut MemHost, of: Address) -> U256 {
    chain.ask(HERE, &balanceOfCall { account: of }).unwrap()
}

fn votes(chain: &mut MemHost, of: Address) -> U256 {
    chain.ask(HERE, &getVotesCall { account: of }).unwrap()
}

fn send(chain: &mut MemHost, from: Address, to: Address, amount: u64) -> Option<Error> {
    chain.tell(from, HERE, &transferCall { to, amount: u(amount) }).err()
}

#[test]
fn every_selector_dispatches() {
    assert_dispatches(main, IBackingEigenCalls::SELECTORS);
    assert_dispatches(main, IVotesTokenCalls::SELECTORS);
}

#[test]
fn at_genesis_eigen_holds_all_and_the_owner_mints() {
    let mut chain = chain();
    assert_eq!(balance(&mut chain, EIGEN), INITIAL_SUPPLY);
    assert_eq!(chain.ask(HERE, &getPastTotalSupplyCall { timepoint: u(1) }), Ok(INITIAL_SUPPLY));
    let mint = mintCall { to: ALICE, amount: u(5) };
    let refused = Some(says("BackingEigen.mint: caller is not a minter"));
    assert_eq!(chain.tell(STRANGER, HERE, &mint).err(), refused);
    chain.tell(OWNER, HERE, &mint).unwrap();
    let event = Transfer { from: Address::ZERO, to: ALICE, value: u(5) };
    assert_eq!(logs(&chain), [event.encode_log_data()]);
    assert_eq!(chain.ask(HERE, &totalSupplyCall {}), Ok(INITIAL_SUPPLY + u(5)));

    let dismiss = setIsMinterCall { minterAddress: OWNER, newStatus: false };
    let not_owner = Some(says("Ownable: caller is not the owner"));
    assert_eq!(chain.tell(STRANGER, HERE, &dismiss).err(), not_owner);
    chain.tell(OWNER, HERE, &dismiss).unwrap();
    let event = IsMinterModified { minterAddress: OWNER, newStatus: false };
    assert_eq!(logs(&chain), [event.encode_log_data()]);
    assert_eq!(chain.tell(OWNER, HERE, &mint).err(), refused);
}

#[test]
fn the_supply_stays_below_what_votes_can_count() {
    let mut chain = chain();
    let most = (U256::ONE << 224) - U256::ONE - INITIAL_SUPPLY;
    let too_much = mintCall { to: ALICE, amount: most + U256::ONE };
    let refused = Some(says("ERC20Votes: total supply risks overflowing votes"));
    assert_eq!(chain.tell(OWNER, HERE, &too_much).err(), refused);
    let overflow = mintCall { to: ALICE, amount: U256::MAX };
    assert_eq!(chain.tell(OWNER, HERE, &overflow).err(), Some(panic(PanicKind::UnderOverflow)));
    let to_nobody = mintCall { to: Address::ZERO, amount: u(1) };
    let refused = Some(says("ERC20: mint to the zero address"));
    assert_eq!(chain.tell(OWNER, HERE, &to_nobody).err(), refused);
    assert!(chain.tell(OWNER, HERE, &mintCall { to: ALICE, amount: most }).is_ok());
}

#[test]
fn holders_burn_what_they_have() {
    let mut chain = started();
    chain.tell(ALICE, HERE, &burnCall { amount: u(400) }).unwrap();
    let event = Transfer { from: ALICE, to: Address::ZERO, value: u(400) };
    assert_eq!(logs(&chain), [event.encode_log_data()]);
    assert_eq!(chain.ask(HERE, &totalSupplyCall {}), Ok(INITIAL_SUPPLY + u(600)));
    let too_much = chain.tell(ALICE, HERE, &burnCall { amount: u(601) });
    assert_eq!(too_much.err(), Some(says("ERC20: burn amount exceeds balance")));
}

#[test]
fn transfers_and_allowances_are_openzeppelins() {
    let mut chain = started();
    assert_eq!(send(&mut chain, ALICE, BOB, 1001), Some(says("ERC20: transfer amount exceeds balance")));
    assert_eq!(send(&mut chain, ALICE, Address::ZERO, 1), Some(says("ERC20: transfer to the zero address")));
    assert_eq!(send(&mut chain, ALICE, BOB, 1000), None);
    assert_eq!((balance(&mut chain, ALICE), balance(&mut chain, BOB)), (u(0), u(1000)));

    let pull = |amount| transferFromCall { from: BOB, to: ALICE, amount: u(amount) };
    let short = Some(says("ERC20: insufficient allowance"));
    assert_eq!(chain.tell(STRANGER, HERE, &pull(1)).err(), short);
    let approve = |spender| approveCall { spender, amount: u(10) };
    let refused = chain.tell(BOB, HERE, &approve(Address::ZERO)).err();
    assert_eq!(refused, Some(says("ERC20: approve to the zero address")));
    chain.tell(BOB, HERE, &approve(STRANGER)).unwrap();
    chain.tell(BOB, HERE, &increaseAllowanceCall { spender: STRANGER, addedValue: u(5) }).unwrap();
    chain.tell(BOB, HERE, &decreaseAllowanceCall { spender: STRANGER, subtractedValue: u(3) }).unwrap();
    let below = decreaseAllowanceCall { spender: STRANGER, subtractedValue: u(13) };
    let refused = chain.tell(BOB, HERE, &below).err();
    assert_eq!(refused, Some(says("ERC20: decreased allowance below zero")));
    let beyond = increaseAllowanceCall { spender: STRANGER, addedValue: U256::MAX };
    assert_eq!(chain.tell(BOB, HERE, &beyond).err(), Some(panic(PanicKind::UnderOverflow)));
    chain.tell(STRANGER, HERE, &pull(12)).unwrap();
    let spent = Approval { owner: BOB, spender: STRANGER, value: u(0) }.encode_log_data();
    let moved = Transfer { from: BOB, to: ALICE, value: u(12) }.encode_log_data();
    assert_eq!(logs(&chain), [spent, moved]);
    chain.tell(BOB, HERE, &approveCall { spender: STRANGER, amount: U256::MAX }).unwrap();
    chain.tell(STRANGER, HERE, &pull(1)).unwrap();
    assert_eq!(logs(&chain).len(), 1, "an unlimited allowance is never used up");
}

#[test]
fn closed_transfers_need_a_listed_end() {
    let mut chain = started();
    let (slot, value) = closed_entry();
    chain.accounts.get_mut(&HERE).unwrap().storage.insert(slot, value);
    let closed = Some(says("BackingEigen._beforeTokenTransfer: from or to must be whitelisted"));
    assert_eq!(send(&mut chain, ALICE, BOB, 1), closed);
    assert_eq!(send(&mut chain, ALICE, BOB, 9999), closed, "before the balance");
    assert_eq!(chain.tell(ALICE, HERE, &burnCall { amount: u(1) }).err(), closed, "burning too");
    assert!(chain.tell(OWNER, HERE, &mintCall { to: BOB, amount: u(1) }).is_ok());
    assert_eq!(send(&mut chain, ALICE, EIGEN, 1), None, "wrapping");
    assert_eq!(send(&mut chain, EIGEN, ALICE, 1), None, "unwrapping");

    let from = setAllowedFromCall { from: ALICE, isAllowedFrom: true };
    let not_owner = Some(says("Ownable: caller is not the owner"));
    assert_eq!(chain.tell(ALICE, HERE, &from).err(), not_owner);
    chain.tell(OWNER, HERE, &from).unwrap();
    assert_eq!(logs(&chain), [SetAllowedFrom { from: ALICE, isAllowedFrom: true }.encode_log_data()]);
    assert_eq!(send(&mut chain, ALICE, BOB, 1), None);
    assert_eq!(send(&mut chain, BOB, STRANGER, 1), closed);
    let to = setAllowedToCall { to: STRANGER, isAllowedTo: true };
    assert_eq!(chain.tell(ALICE, HERE, &to).err(), not_owner);
    chain.tell(OWNER, HERE, &to).unwrap();
    assert_eq!(logs(&chain), [SetAllowedTo { to: STRANGER, isAllowedTo: true }.encode_log_data()]);
    assert_eq!(send(&mut chain, BOB, STRANGER, 1), None);

    assert_eq!(chain.tell(ALICE, HERE, &disableTransferRestrictionsCall {}).err(), not_owner);
    chain.tell(OWNER, HERE, &disableTransferRestrictionsCall {}).unwrap();
    assert_eq!(logs(&chain), [TransferRestrictionsDisabled {}.encode_log_data()]);
    assert_eq!(send(&mut chain, BOB, ALICE, 1), None);
    let again = chain.tell(OWNER, HERE, &disableTransferRestrictionsCall {}).err();
    let already = "BackingEigen.disableTransferRestrictions: transfer restrictions are already disabled";
    assert_eq!(again, Some(says(already)));
}

#[test]
fn votes_follow_tokens_and_are_remembered_by_the_second() {
    let mut chain = started();
    let start = chain.block.timestamp;
    chain.tell(ALICE, HERE, &delegateCall { delegatee: BOB }).unwrap();
    let changed = DelegateChanged { delegator: ALICE, fromDelegate: Address::ZERO, toDelegate: BOB };
    let gained = |delegate, before, after| {
        DelegateVotesChanged { delegate, previousBalance: u(before), newBalance: u(after) }.encode_log_data()
    };
    assert_eq!(logs(&chain), [changed.encode_log_data(), gained(BOB, 0, 1000)]);
    assert_eq!(chain.ask(HERE, &delegatesCall { account: ALICE }), Ok(BOB));
    chain.tell(STRANGER, HERE, &delegateCall { delegatee: STRANGER }).unwrap();
    assert_eq!(logs(&chain).len(), 1, "nothing to count");

    chain.block.timestamp = start + 10;
    assert_eq!(send(&mut chain, ALICE, STRANGER, 300), None);
    let moved = Transfer { from: ALICE, to: STRANGER, value: u(300) }.encode_log_data();
    assert_eq!(logs(&chain), [moved, gained(BOB, 1000, 700), gained(STRANGER, 0, 300)]);
    assert_eq!(send(&mut chain, ALICE, STRANGER, 100), None);
    assert_eq!((votes(&mut chain, BOB), votes(&mut chain, STRANGER)), (u(600), u(400)));
    assert_eq!(chain.ask(HERE, &numCheckpointsCall { account: BOB }), Ok(2), "one a second");
    let second = chain.ask(HERE, &checkpointsCall { account: BOB, pos: 1 }).unwrap();
    assert_eq!((u64::from(second.fromBlock), second.votes.to::<U256>()), (start + 10, u(600)));
    let beyond = chain.ask(HERE, &checkpointsCall { account: BOB, pos: 2 }).err();
    assert_eq!(beyond, Some(panic(PanicKind::ArrayOutOfBounds)));

    let past = |at: u64| getPastVotesCall { account: BOB, timepoint: u(at) };
    let future = Some(says("ERC20Votes: future lookup"));
    assert_eq!(chain.ask(HERE, &past(start + 10)).err(), future);
    let supply = getPastTotalSupplyCall { timepoint: u(start + 10) };
    assert_eq!(chain.ask(HERE, &supply).err(), future);
    chain.block.timestamp = start + 20;
    for (at, expected) in [(start - 1, 0), (start, 1000), (start + 9, 1000), (start + 10, 600)] {
        assert_eq!(chain.ask(HERE, &past(at)), Ok(u(expected)), "{at}");
    }
    chain.tell(ALICE, HERE, &burnCall { amount: u(600) }).unwrap();
    assert_eq!(votes(&mut chain, BOB), u(0));
    chain.block.timestamp = start + 30;
    for (at, expected) in [(start - 1, 0), (start + 19, 1000), (start + 20, 400)] {
        let ask = getPastTotalSupplyCall { timepoint: u(at) };
        assert_eq!(chain.ask(HERE, &ask), Ok(INITIAL_SUPPLY + u(expected)), "{at}");
    }
    assert_eq!(chain.ask(HERE, &clockCall {}).map(|clock| clock.to::<u64>()), Ok(start + 30));
}

#[test]
fn many_checkpoints_are_searched_right() {
    let mut chain = started();
    let start = chain.block.timestamp;
    chain.tell(ALICE, HERE, &delegateCall { delegatee: ALICE }).unwrap();
    for step in 1..=40 {
        chain.block.timestamp = start + 3 * step;
        assert_eq!(send(&mut chain, ALICE, BOB, 1), None);
    }
    for at in 0..=120 {
        chain.block.timestamp = start + 200;
        let ask = getPastVotesCall { account: ALICE, timepoint: u(start + at) };
        assert_eq!(chain.ask(HERE, &ask), Ok(u(1000 - at / 3)), "{at}");
    }
}

fn key() -> (SecretKey, Address) {
    let secret = SecretKey::from_byte_array([7; 32]).expect("a key");
    let public = PublicKey::from_secret_key(SECP256K1, &secret).serialize_uncompressed();
    (secret, Address::from_raw_public_key(&public[1..]))
}

/// A signature over a struct in the token's domain: v, r, s.
fn sign(chain: &mut MemHost, kind: &str, fields: &[U256]) -> (u8, B256, B256) {
    let separator = chain.ask(HERE, &DOMAIN_SEPARATORCall {}).unwrap();
    let words = fields.iter().flat_map(U256::to_be_bytes::<32>);
    let encoded: Vec<u8> = keccak256(kind).0.into_iter().chain(words).collect();
    let digest = keccak256([&[0x19, 0x01], separator.as_slice(), keccak256(encoded).as_slice()].concat());
    let message = Message::from_digest(digest.0);
    let (id, compact) = SECP256K1.sign_ecdsa_recoverable(message, &key().0).serialize_compact();
    let v = 27_u8.wrapping_add(u8::try_from(i32::from(id)).unwrap());
    (v, B256::from_slice(&compact[..32]), B256::from_slice(&compact[32..]))
}

fn number(address: Address) -> U256 {
    U256::from_be_bytes(address.into_word().0)
}

fn permit(chain: &mut MemHost, nonce: u64, deadline: u64) -> permitCall {
    let kind = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)";
    let owner = key().1;
    let fields = [number(owner), number(BOB), u(9), u(nonce), u(deadline)];
    let (v, r, s) = sign(chain, kind, &fields);
    permitCall { owner, spender: BOB, value: u(9), deadline: u(deadline), v, r, s }
}

#[test]
fn a_permit_is_an_approval_by_signature() {
    let mut chain = chain();
    let now = chain.block.timestamp;
    let call = permit(&mut chain, 0, now);
    let tell = |chain: &mut MemHost, call: &permitCall| chain.tell(STRANGER, HERE, call).err();
    let late = permitCall { deadline: u(now - 1), ..call.clone() };
    assert_eq!(tell(&mut chain, &late), Some(says("ERC20Permit: expired deadline")));
    let other = permitCall { value: u(10), ..call.clone() };
    assert_eq!(tell(&mut chain, &other), Some(says("ERC20Permit: invalid signature")));
    let s = U256::from_be_bytes(CURVE_ORDER) - U256::from_be_bytes(call.s.0);
    let high = permitCall { s: s.into(), v: 55 - call.v, ..call.clone() };
    assert_eq!(tell(&mut chain, &high), Some(says("ECDSA: invalid signature 's' value")));
    let no_v = permitCall { v: call.v - 27, ..call.clone() };
    assert_eq!(tell(&mut chain, &no_v), Some(says("ECDSA: invalid signature")));
    assert_eq!(tell(&mut chain, &call), None);
    let event = Approval { owner: key().1, spender: BOB, value: u(9) };
    assert_eq!(logs(&chain), [event.encode_log_data()]);
    assert_eq!(chain.ask(HERE, &allowanceCall { owner: key().1, spender: BOB }), Ok(u(9)));
    assert_eq!(chain.ask(HERE, &noncesCall { owner: key().1 }), Ok(u(1)));
    assert_eq!(tell(&mut chain, &call), Some(says("ERC20Permit: invalid signature")), "once");
}

#[test]
fn votes_are_delegated_by_signature_too() {
    let mut chain = chain();
    let now = chain.block.timestamp;
    let kind = "Delegation(address delegatee,uint256 nonce,uint256 expiry)";
    let mut signed = |nonce: u64| {
        let (v, r, s) = sign(&mut chain, kind, &[number(BOB), u(nonce), u(now)]);
        delegateBySigCall { delegatee: BOB, nonce: u(nonce), expiry: u(now), v, r, s }
    };
    let (early, call) = (signed(1), signed(0));
    let late = delegateBySigCall { expiry: u(now - 1), ..call.clone() };
    let expired = Some(says("ERC20Votes: signature expired"));
    assert_eq!(chain.tell(STRANGER, HERE, &late).err(), expired);
    let wrong = Some(says("ERC20Votes: invalid nonce"));
    assert_eq!(chain.tell(STRANGER, HERE, &early).err(), wrong);
    chain.tell(STRANGER, HERE, &call).unwrap();
    assert_eq!(chain.ask(HERE, &delegatesCall { account: key().1 }), Ok(BOB));
    assert_eq!(chain.tell(STRANGER, HERE, &call).err(), wrong);
}

#[test]
fn it_tells_its_domain() {
    let mut chain = chain();
    let domain = chain.ask(HERE, &eip712DomainCall {}).unwrap();
    assert_eq!((domain.fields.0, domain.name, domain.version), ([0x0f], "bEIGEN".into(), "1".into()));
    assert_eq!((domain.chainId, domain.verifyingContract), (u(31337), HERE));
}
