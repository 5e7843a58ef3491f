//! A failure of the node, or a broken rule of ours, is nobody's outcome: no contract catches it, no receipt tells it.

use super::{
    contracts::{HUB, RELAY, ROGUE, Relay, VAULT, Vault},
    testkit::{ALICE, OPERATOR, PROBE, Probe, TOKEN, Token, database, fresh, fund, over, tx, u},
};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use revm::{
    Database, ExecuteEvm, InspectEvm,
    bytecode::Bytecode,
    context::{TxEnv, result::EVMError},
    database::InMemoryDB,
    database_interface::DBErrorMarker,
    inspector::NoOpInspector,
    state::AccountInfo,
};

/// A database of which one account cannot be read while `broken`.
struct Flaky {
    inner: InMemoryDB,
    broken: Option<Address>,
}

#[derive(Debug, PartialEq)]
struct Unreadable;
impl core::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("unreadable")
    }
}
impl core::error::Error for Unreadable {}
impl DBErrorMarker for Unreadable {}

impl Flaky {
    fn check(&self, address: Address) -> Result<(), Unreadable> {
        if self.broken == Some(address) { Err(Unreadable) } else { Ok(()) }
    }
}

impl Database for Flaky {
    type Error = Unreadable;
    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Unreadable> {
        Ok(self.inner.basic(address).unwrap())
    }
    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, Unreadable> {
        Ok(self.inner.code_by_hash(hash).unwrap())
    }
    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, Unreadable> {
        self.check(address)?;
        Ok(self.inner.storage(address, slot).unwrap())
    }
    fn block_hash(&mut self, number: u64) -> Result<B256, Unreadable> {
        Ok(self.inner.block_hash(number).unwrap())
    }
}

/// A state in which Alice can deposit.
fn funded() -> (InMemoryDB, TxEnv) {
    let mut chain = fresh();
    fund(&mut chain, TOKEN);
    let template = tx(&mut chain, ALICE, RELAY, Bytes::new());
    let funded = core::mem::replace(super::testkit::db(&mut chain), database(TOKEN));
    (funded, template)
}

fn caught_by_relay(to: Address, data: impl Into<Bytes>) -> Bytes {
    Relay::tryRelayCall { to, data: data.into() }.abi_encode().into()
}

#[test]
fn a_failed_read_below_native_frames_stops_the_block() {
    let (inner, template) = funded();
    let deposit: Bytes = Vault::depositCall { operator: OPERATOR, assets: u(1) }.abi_encode().into();
    // The contract that catches failures must not catch this one, nor one of bytecode between.
    let by_probe = Probe::tryForwardCall { to: VAULT, data: deposit.clone() }.abi_encode();
    for (broken, data) in [
        (TOKEN, caught_by_relay(VAULT, deposit.clone())),
        (VAULT, caught_by_relay(VAULT, deposit.clone())),
        (VAULT, caught_by_relay(PROBE, by_probe)),
        (RELAY, caught_by_relay(VAULT, deposit)),
    ] {
        let tx = TxEnv { data, ..template.clone() };
        let flaky = Flaky { inner: inner.clone(), broken: Some(broken) };
        let mut evm = over(flaky, NoOpInspector);
        assert_eq!(evm.transact(tx.clone()).err(), Some(EVMError::Database(Unreadable)), "{broken}");
        assert_eq!(evm.inspect_tx(tx.clone()).err(), Some(EVMError::Database(Unreadable)), "{broken}");
        evm.inner.ctx.journaled_state.database.broken = None;
        assert!(evm.transact(tx).unwrap().result.is_success(), "as if nothing had happened");
    }
}

#[test]
fn a_failed_read_in_a_scope_stops_the_block() {
    let (inner, template) = funded();
    let data = super::contracts::Hub::poolOfCall { operator: OPERATOR }.abi_encode();
    let tx = TxEnv { data: caught_by_relay(HUB, data), ..template };
    let mut evm = over(Flaky { inner, broken: Some(VAULT) }, ());
    assert_eq!(evm.transact(tx).err(), Some(EVMError::Database(Unreadable)));
}

#[test]
fn a_broken_rule_stops_the_block_and_says_which() {
    let (inner, template) = funded();
    let broken = |result: EVMError<Unreadable>| match result {
        EVMError::Custom(reason) => reason,
        other => panic!("{other:?}"),
    };
    let said = "a rule that must always hold is broken: the rogue keeps the rules";
    let mut evm = over(Flaky { inner, broken: None }, NoOpInspector);
    let direct = TxEnv { kind: alloy_primitives::TxKind::Call(ROGUE), data: [1].into(), ..template.clone() };
    assert_eq!(broken(evm.transact(direct).unwrap_err()), said);
    let by_probe = Probe::tryForwardCall { to: ROGUE, data: [1].into() }.abi_encode();
    for data in [caught_by_relay(ROGUE, [1]), caught_by_relay(PROBE, by_probe)] {
        let tx = TxEnv { data, ..template.clone() };
        assert_eq!(broken(evm.transact(tx.clone()).unwrap_err()), said);
        assert_eq!(broken(evm.inspect_tx(tx).unwrap_err()), said);
    }
    // The EVM is fit for the next transaction.
    let data = caught_by_relay(TOKEN, Token::mintCall { to: ALICE, value: u(1) }.abi_encode());
    assert!(evm.transact(TxEnv { data, ..template }).unwrap().result.is_success());
}
