//! Blocks: receipts, fees, limits, and exactly the changes.

use super::testkit::{
    ALICE, BOB, BOX, BOX_CODE, CHAIN_ID, ETHER, REVERTER, context, deploy, environment, hash_of, put, seal,
    source, tx, u,
};
use crate::{
    executor::{
        Environment, ExecutionError, MAX_BLOCK_BYTES, MemorySource, StateSource, assemble_header,
        execute_block,
    },
    native::Contracts,
    transaction::Recovered,
};
use alloy_consensus::{EMPTY_ROOT_HASH, SignableTransaction, Transaction, TxEip7702, TxEnvelope, proofs};
use alloy_eips::{Encodable2718, eip7685::EMPTY_REQUESTS_HASH, eip7702::Authorization};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use protocol::{
    host::{Error, Fatal, Host, NativeFn},
    registry::STUB_CODE,
};
use state::{Account, AccountChange};
use std::sync::Arc;
use types::{Params, Preset, addresses::WETH};

#[test]
fn an_empty_block_changes_nothing() {
    let executed = seal(&mut source(), 5, &[]);
    assert!(executed.changes.accounts.is_empty() && executed.changes.code.is_empty());
    let header = assemble_header(&context(5), &executed.block, B256::repeat_byte(1));
    assert_eq!((header.transactions_root, header.receipts_root), (EMPTY_ROOT_HASH, EMPTY_ROOT_HASH));
    assert_eq!(header.requests_hash, Some(EMPTY_REQUESTS_HASH));
    assert_eq!(header.parent_hash, hash_of(4));
}

#[test]
fn a_transfer_moves_wei_burns_the_base_fee_and_pays_the_tip() {
    let mut source = source();
    let executed = seal(&mut source, 5, &[tx(ALICE, 0, BOB, ETHER, []).signed()]);
    assert_eq!(executed.block.gas_used, 21_000);
    let gas = u(21_000);
    assert_eq!(source.accounts[&ALICE].balance, ETHER * u(9) - gas * u(7 + 2));
    assert_eq!(source.accounts[&BOB].balance, ETHER * u(11));
    assert_eq!(source.accounts[&context(5).beneficiary].balance, gas * u(2));
    assert_eq!(source.accounts[&ALICE].nonce, 1);
    assert_eq!(executed.changes.accounts.len(), 3);
    assert!(executed.changes.accounts.iter().all(|change| !change.wiped && change.slots.is_empty()));
}

#[test]
fn receipts_count_up_and_the_header_commits_to_all() {
    let mut source = source();
    let candidates = [
        tx(ALICE, 0, BOX, U256::ZERO, put(1, 5)).signed(),
        tx(ALICE, 1, REVERTER, U256::ZERO, []).signed(),
        tx(BOB, 0, TxKind::Create, U256::ZERO, returning(&BOX_CODE)).signed(),
    ];
    let executed = seal(&mut source, 5, &candidates);
    let statuses: Vec<bool> = executed.block.receipts.iter().map(|receipt| receipt.status()).collect();
    assert_eq!(statuses, [true, false, true]);
    let totals: Vec<u64> = executed.block.receipts.iter().map(|r| r.cumulative_gas_used()).collect();
    assert!(totals.windows(2).all(|pair| pair[0] + 21_000 < pair[1]), "{totals:?}");
    assert_eq!(totals.last(), Some(&executed.block.gas_used));

    let header = assemble_header(&context(5), &executed.block, B256::ZERO);
    let envelopes: Vec<TxEnvelope> = executed.block.transactions.iter().map(|tx| tx.tx.clone()).collect();
    assert_eq!(header.transactions_root, proofs::calculate_transaction_root(&envelopes));
    assert_eq!(header.receipts_root, proofs::calculate_receipt_root(&executed.block.receipts));
    assert_eq!(header.gas_used, executed.block.gas_used);

    let made = BOB.create(0);
    assert_eq!(
        source.accounts[&made],
        Account { nonce: 1, balance: U256::ZERO, code_hash: keccak256(&BOX_CODE) }
    );
    assert_eq!(executed.changes.code, [(keccak256(&BOX_CODE), BOX_CODE)]);
    assert_eq!(source.slots[&(BOX, u(1))], u(5));
}

/// Init code that returns `code` (7 bytes).
fn returning(code: &[u8]) -> Bytes {
    let mut init = vec![0x66];
    init.extend_from_slice(code);
    init.extend_from_slice(&[0x5f, 0x52, 0x60, 7, 0x60, 25, 0xf3]);
    init.into()
}

#[test]
fn only_differences_are_changes() {
    let mut source = source();
    source.slots.insert((BOX, u(1)), u(5));
    source.slots.insert((BOX, u(2)), u(6));
    let candidates = [
        // There and back, over two transactions; the same again; gone; new.
        tx(ALICE, 0, BOX, U256::ZERO, put(1, 9)).signed(),
        tx(ALICE, 1, BOX, U256::ZERO, put(1, 5)).signed(),
        tx(ALICE, 2, BOX, U256::ZERO, put(2, 0)).signed(),
        tx(ALICE, 3, BOX, U256::ZERO, put(3, 7)).signed(),
        tx(ALICE, 4, BOX, U256::ZERO, put(4, 0)).signed(),
        // Touches an account that does not exist.
        tx(ALICE, 5, Address::repeat_byte(0x55), U256::ZERO, []).signed(),
    ];
    let executed = seal(&mut source, 5, &candidates);
    assert_eq!(executed.block.transactions.len(), 6);
    let change = executed.changes.accounts.iter().find(|change| change.address == BOX).unwrap();
    let mut slots = change.slots.clone();
    slots.sort_unstable();
    assert_eq!(slots, [(u(2), U256::ZERO), (u(3), u(7))]);
    let mut addresses: Vec<Address> = executed.changes.accounts.iter().map(|change| change.address).collect();
    addresses.sort_unstable();
    assert_eq!(addresses, [BOX, ALICE, context(5).beneficiary]);
}

#[test]
fn an_account_that_dies_where_one_stood_is_gone() {
    let mut source = source();
    // Wei waits at the address where Alice's first contract goes, which writes a slot and destroys itself.
    let doomed = ALICE.create(0);
    seal(&mut source, 5, &[tx(BOB, 0, doomed, u(5), []).signed()]);
    assert_eq!(source.accounts[&doomed].balance, u(5));
    let mortal = alloy_primitives::bytes!("60015f5533ff");
    let executed = seal(&mut source, 6, &[tx(ALICE, 0, TxKind::Create, U256::ZERO, mortal).signed()]);
    assert!(executed.block.receipts[0].status());
    assert!(!source.accounts.contains_key(&doomed));
    let gone = AccountChange { address: doomed, account: None, wiped: true, slots: Vec::new() };
    assert!(executed.changes.accounts.contains(&gone));
    assert!(source.slots.is_empty());
}

#[test]
fn storage_below_a_new_contract_is_wiped() {
    let mut source = source();
    // Only a development tool can leave storage where no code is.
    let made = ALICE.create(0);
    source.accounts.insert(made, super::testkit::account(0, u(1), &Bytes::new()));
    source.slots.insert((made, u(8)), u(8));
    let executed =
        seal(&mut source, 5, &[tx(ALICE, 0, TxKind::Create, U256::ZERO, returning(&BOX_CODE)).signed()]);
    let change = executed.changes.accounts.iter().find(|change| change.address == made).unwrap();
    assert!(change.wiped);
    assert_eq!(source.storage(made, u(8)), Ok(U256::ZERO));
}

#[test]
fn a_block_ends_where_its_gas_does_and_smaller_ones_may_follow() {
    let mut source = source();
    let mut tight = context(5);
    tight.gas_limit = 100_000;
    let candidates = [
        tx(ALICE, 0, BOB, u(1), []).gas(50_000).signed(),
        // Does not fit what is left, and its successor waits with it.
        tx(ALICE, 1, BOB, u(1), []).gas(90_000).signed(),
        tx(ALICE, 2, BOB, u(1), []).gas(21_000).signed(),
        tx(BOB, 0, ALICE, u(1), []).gas(21_000).signed(),
    ];
    let executed = execute_block(&source, &environment(), &tight, &candidates).unwrap();
    assert!(executed.skipped.is_empty());
    let ran: Vec<B256> = executed.block.transactions.iter().map(|tx| tx.hash).collect();
    assert_eq!(ran, [candidates[0].hash, candidates[3].hash]);
    assert_eq!(executed.block.gas_used, 42_000);
    source.apply(executed.changes);
    let executed = execute_block(&source, &environment(), &tight, &candidates[1..3]).unwrap();
    assert_eq!(executed.block.transactions.len(), 2);
}

#[test]
fn a_block_stays_below_the_size_limit() {
    let source = source();
    // 120 kB of zeros each: 70 of them are more than a block may hold.
    let big = vec![0; 120_000];
    let candidates: Vec<_> =
        (0..72).map(|nonce| tx(ALICE, nonce, BOB, U256::ZERO, big.clone()).gas(1_300_000).signed()).collect();
    let mut roomy = context(5);
    roomy.gas_limit = 1_000_000_000;
    let executed = execute_block(&source, &environment(), &roomy, &candidates).unwrap();
    let bytes: usize = executed.block.transactions.iter().map(|tx| tx.raw.len()).sum();
    assert!(bytes < MAX_BLOCK_BYTES && bytes + 121_500 > MAX_BLOCK_BYTES, "{bytes}");
    assert!(executed.skipped.is_empty());
}

/// A key's delegation of itself to the box, paid by another key, which `source` funds.
fn delegation(source: &mut MemorySource) -> (Address, Arc<Recovered>) {
    let authority = PrivateKeySigner::from_bytes(&B256::repeat_byte(0x42)).unwrap();
    let authorization = Authorization { chain_id: u(CHAIN_ID), address: BOX, nonce: 0 };
    let signature = authority.sign_hash_sync(&authorization.signature_hash()).unwrap();
    let sender = PrivateKeySigner::from_bytes(&B256::repeat_byte(0x43)).unwrap();
    source.accounts.insert(sender.address(), super::testkit::account(0, ETHER, &Bytes::new()));
    let unsigned = TxEip7702 {
        chain_id: CHAIN_ID,
        gas_limit: 200_000,
        max_fee_per_gas: 1_000,
        to: authority.address(),
        input: put(3, 4).into(),
        authorization_list: vec![authorization.into_signed(signature)],
        ..TxEip7702::default()
    };
    let signature = sender.sign_hash_sync(&unsigned.signature_hash()).unwrap();
    let raw = TxEnvelope::from(unsigned.into_signed(signature)).encoded_2718();
    let tx = crate::transaction::recover(raw.into(), CHAIN_ID).unwrap();
    assert_eq!(tx.tx.authorization_list().map(<[_]>::len), Some(1));
    (authority.address(), Arc::new(tx))
}

#[test]
fn a_signed_delegation_takes_effect() {
    let mut source = source();
    let (authority, tx) = delegation(&mut source);
    let executed = seal(&mut source, 5, &[tx]);
    assert!(executed.block.receipts[0].status());
    // The box's code ran on the authority's storage.
    assert_eq!(source.slots[&(authority, u(3))], u(4));
    let delegated = source.accounts[&authority];
    assert_eq!((delegated.nonce, source.codes[&delegated.code_hash].len()), (1, 23));
}

#[test]
fn an_authority_that_was_only_called_before_does_not_exist_yet() {
    let (mut alone, mut after_a_call) = (source(), source());
    let (_, tx_alone) = delegation(&mut alone);
    let (authority, tx_after) = delegation(&mut after_a_call);
    let alone = seal(&mut alone, 5, &[tx_alone]).block.gas_used;
    // A call without wei leaves no account, so EIP-7702's price of a new one stays, in the same block too.
    let call = tx(ALICE, 0, authority, U256::ZERO, []).signed();
    let both = seal(&mut after_a_call, 5, &[call, tx_after]).block.gas_used;
    assert_eq!(both, 21_000 + alone);
}

/// A source that fails at one account.
struct Failing(Address);

impl StateSource for Failing {
    fn account(&self, address: Address) -> Result<Option<Account>, state::Error> {
        if address == self.0 { Err(broken()) } else { source().account(address) }
    }
    fn storage(&self, address: Address, slot: U256) -> Result<U256, state::Error> {
        source().storage(address, slot)
    }
    fn code(&self, hash: B256) -> Result<Option<Bytes>, state::Error> {
        source().code(hash)
    }
    fn block_hash(&self, number: u64) -> Result<Option<B256>, state::Error> {
        source().block_hash(number)
    }
}

fn broken() -> state::Error {
    state::Error::Stopped { why: "the disk is full".into() }
}

#[test]
fn a_state_that_cannot_be_read_fails_the_block() {
    let candidates: [Arc<Recovered>; 2] =
        [tx(ALICE, 0, ALICE, u(1), []).signed(), tx(ALICE, 1, BOX, U256::ZERO, put(1, 1)).signed()];
    let result = execute_block(&Failing(BOX), &environment(), &context(5), &candidates);
    assert_eq!(result.err(), Some(ExecutionError::State(broken())));
}

#[test]
fn a_broken_rule_fails_the_block_and_says_which() {
    fn breaks(_: &mut dyn Host, _: &[u8]) -> Result<Bytes, Error> {
        Err(Fatal::Broken("shares never exceed deposits").into())
    }
    let singleton = |address: Address| (address == WETH).then_some(breaks as NativeFn);
    let contracts = Contracts { singleton, instance: |_| None };
    let environment = Environment::with_contracts(CHAIN_ID, Params::preset(Preset::Fast), contracts);
    let mut source = source();
    deploy(&mut source, WETH, Bytes::from_static(&STUB_CODE));
    let candidates = [tx(ALICE, 0, BOB, u(1), []).signed(), tx(ALICE, 1, WETH, U256::ZERO, []).signed()];
    let result = execute_block(&source, &environment, &context(5), &candidates);
    let said = "a rule that must always hold is broken: shares never exceed deposits";
    assert_eq!(result.err(), Some(ExecutionError::Broken(said.into())));
}
