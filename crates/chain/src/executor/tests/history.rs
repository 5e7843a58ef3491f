//! EIP-2935: what the first step writes, and what simulations read, is what the real contract would hold.

use super::testkit::{ALICE, BOB, context, environment, hash_of, source, tx, u};
use crate::executor::{MemorySource, Simulator, StateDatabase, execute_block};
use alloy_eips::eip2935::{HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE};
use alloy_primitives::{Bytes, U256, keccak256};
use revm::{
    Context, DatabaseCommit, DatabaseRef, ExecuteEvm, MainBuilder, MainContext, SystemCallEvm,
    database::InMemoryDB, primitives::hardfork::SpecId, state::AccountInfo,
};
use std::collections::BTreeMap;

const RING: u64 = 8_191;

/// The storage after the real bytecode ran in every block from 1 to `last`.
fn real_ring(last: u64) -> BTreeMap<U256, U256> {
    let code = revm::bytecode::Bytecode::new_legacy(HISTORY_STORAGE_CODE.clone());
    let info = AccountInfo { nonce: 1, code_hash: code.hash_slow(), code: Some(code), ..Default::default() };
    let mut db = InMemoryDB::default();
    db.insert_account_info(HISTORY_STORAGE_ADDRESS, info);
    let context = Context::mainnet()
        .with_db(db)
        .modify_cfg_chained(|cfg| cfg.set_spec_and_mainnet_gas_params(SpecId::OSAKA));
    let mut evm = context.build_mainnet();
    for number in 1..=last {
        evm.ctx.block.number = u(number);
        let parent = Bytes::copy_from_slice(hash_of(number - 1).as_slice());
        assert!(evm.system_call_one(HISTORY_STORAGE_ADDRESS, parent).unwrap().is_success());
        let state = evm.finalize();
        evm.ctx.journaled_state.database.commit(state);
    }
    let held = &evm.ctx.journaled_state.database.cache.accounts[&HISTORY_STORAGE_ADDRESS].storage;
    held.iter().map(|(slot, value)| (*slot, *value)).collect()
}

/// A chain with the contract and hashes of blocks 0 to `last`.
fn with_ring(last: u64) -> MemorySource {
    let mut source = source();
    super::testkit::deploy(&mut source, HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE.clone());
    source.hashes.extend((0..=last).map(|number| (number, hash_of(number))));
    source
}

fn ring_of(source: &MemorySource) -> BTreeMap<U256, U256> {
    let held = source.slots.iter().filter(|((owner, _), _)| *owner == HISTORY_STORAGE_ADDRESS);
    held.map(|((_, slot), value)| (*slot, *value)).collect()
}

/// Executes the block `number`; those since the last one were sealed without a step.
fn run(source: &mut MemorySource, number: u64) -> usize {
    let executed = execute_block(source, &environment(), &context(number), &[]).unwrap();
    let written = executed.changes.accounts.iter().map(|change| change.slots.len()).sum();
    source.apply(executed.changes);
    written
}

#[test]
fn the_ring_is_what_the_real_bytecode_stores_whatever_was_skipped() {
    let mut source = with_ring(30_000);
    let mut last = 0;
    // First block, single steps, gaps, exactly around the window, more than a whole turn, and on.
    for number in [1, 2, 3, 10, 11, 4_000, 8_190, 8_191, 8_192, 8_193, 8_200, 16_390, 16_391, 30_000] {
        let expected = (number - last).min(RING) as usize;
        assert_eq!(run(&mut source, number), expected, "entries written by block {number}");
        last = number;
        assert_eq!(ring_of(&source), real_ring(number), "after block {number}");
    }
    let account = source.accounts[&HISTORY_STORAGE_ADDRESS];
    assert_eq!((account.nonce, account.code_hash), (1, keccak256(&HISTORY_STORAGE_CODE)));
}

#[test]
fn simulations_read_the_ring_as_the_first_step_would_leave_it() {
    let lagging = with_ring(20_000);
    let environment = environment();
    for number in [1, 2, 5_000, 8_191, 8_192, 8_193, 20_000] {
        let real = real_ring(number);
        let seen = StateDatabase::new(&lagging, environment.codes(), number);
        for slot in (0..RING + 5).map(u) {
            let expected = real.get(&slot).copied().unwrap_or_default();
            assert_eq!(
                seen.storage_ref(HISTORY_STORAGE_ADDRESS, slot).unwrap(),
                expected,
                "{slot} at {number}"
            );
        }
    }
}

#[test]
fn contracts_find_skipped_parents_in_calls_and_blocks() {
    let mut source = with_ring(20_000);
    let environment = environment();
    let asked = Bytes::copy_from_slice(&u(15_000).to_be_bytes::<32>());
    let request = crate::executor::CallRequest {
        to: Some(HISTORY_STORAGE_ADDRESS),
        input: asked,
        ..Default::default()
    };
    let mut simulator = Simulator::new(&source, &environment, context(20_000));
    assert_eq!(simulator.call(&request).unwrap().outcome().output().as_ref(), hash_of(15_000).as_slice());
    run(&mut source, 20_000);
    let mut simulator = Simulator::new(&source, &environment, context(20_001));
    assert_eq!(simulator.call(&request).unwrap().outcome().output().as_ref(), hash_of(15_000).as_slice());
}

#[test]
fn without_the_contract_nothing_is_written() {
    let mut source = source();
    source.hashes.extend((0..10).map(|number| (number, hash_of(number))));
    let executed =
        execute_block(&source, &environment(), &context(5), &[tx(ALICE, 0, BOB, u(1), []).signed()]).unwrap();
    assert!(executed.changes.accounts.iter().all(|change| change.address != HISTORY_STORAGE_ADDRESS));
    assert_eq!(run(&mut source, 6), 0);
}
