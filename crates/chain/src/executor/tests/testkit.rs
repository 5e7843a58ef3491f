//! States in maps, transactions without signatures, and small bytecodes.

use crate::{
    executor::{BlockContext, Environment, Executed, MemorySource, execute_block},
    transaction::Recovered,
};
use alloy_consensus::{TxEip1559, transaction::TypedTransaction};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, bytes, keccak256};
use state::Account;
use std::sync::Arc;
use types::{Params, Preset};

pub const CHAIN_ID: u64 = 31_337;
pub const ALICE: Address = address!("00000000000000000000000000000000000a11ce");
pub const BOB: Address = address!("0000000000000000000000000000000000000b0b");
/// Where [`BOX_CODE`] lies.
pub const BOX: Address = address!("000000000000000000000000000000000000b0ce");
/// `SSTORE(calldata[0..32], calldata[32..64])`.
pub const BOX_CODE: Bytes = bytes!("6020355f355500");
/// Where [`REVERTER_CODE`] lies.
pub const REVERTER: Address = address!("000000000000000000000000000000000000bad0");
/// Reverts with the word 0x2a.
pub const REVERTER_CODE: Bytes = bytes!("602a5f5260205ffd");

/// One ether.
pub const ETHER: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

pub fn u(value: u64) -> U256 {
    U256::from(value)
}

pub fn environment() -> Environment {
    Environment::new(CHAIN_ID, Params::preset(Preset::Fast))
}

pub fn context(number: u64) -> BlockContext {
    BlockContext {
        number,
        timestamp: 1_700_000_000 + number,
        parent_hash: hash_of(number - 1),
        base_fee: 7,
        gas_limit: 60_000_000,
        beneficiary: Address::repeat_byte(0xfe),
        prev_randao: B256::repeat_byte(9),
    }
}

/// A made-up block hash.
pub fn hash_of(number: u64) -> B256 {
    keccak256(number.to_be_bytes())
}

/// Alice and Bob with ten ether each, and the small contracts.
pub fn source() -> MemorySource {
    let mut source = MemorySource::default();
    for person in [ALICE, BOB] {
        source.accounts.insert(person, account(0, ETHER * u(10), &Bytes::new()));
    }
    deploy(&mut source, BOX, BOX_CODE);
    deploy(&mut source, REVERTER, REVERTER_CODE);
    source
}

pub fn account(nonce: u64, balance: U256, code: &Bytes) -> Account {
    Account { nonce, balance, code_hash: keccak256(code) }
}

pub fn deploy(source: &mut MemorySource, at: Address, code: Bytes) {
    source.accounts.insert(at, account(1, U256::ZERO, &code));
    source.codes.insert(keccak256(&code), code);
}

/// A transaction with half a million gas.
pub fn tx(
    from: Address,
    nonce: u64,
    to: impl Into<TxKind>,
    value: U256,
    input: impl Into<Bytes>,
) -> TxEip1559Of {
    let tx = TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit: 500_000,
        max_fee_per_gas: 1_000,
        max_priority_fee_per_gas: 2,
        to: to.into(),
        value,
        input: input.into(),
        ..TxEip1559::default()
    };
    TxEip1559Of { tx, from }
}

/// A transaction in the making.
pub struct TxEip1559Of {
    pub tx: TxEip1559,
    from: Address,
}

impl TxEip1559Of {
    pub fn gas(mut self, gas_limit: u64) -> Self {
        self.tx.gas_limit = gas_limit;
        self
    }
    pub fn fee_cap(mut self, wei: u128) -> Self {
        self.tx.max_fee_per_gas = wei;
        self.tx.max_priority_fee_per_gas = self.tx.max_priority_fee_per_gas.min(wei);
        self
    }
    /// As if signed: the sender may have no code.
    pub fn signed(self) -> Arc<Recovered> {
        let unsigned = self.impersonated();
        Arc::new(Recovered { impersonated: false, ..Arc::unwrap_or_clone(unsigned) })
    }
    pub fn impersonated(self) -> Arc<Recovered> {
        Arc::new(Recovered::impersonated(TypedTransaction::Eip1559(self.tx), self.from, CHAIN_ID).unwrap())
    }
}

/// Calldata of the box: a slot and its value.
pub fn put(slot: u64, value: u64) -> Vec<u8> {
    [u(slot).to_be_bytes::<32>(), u(value).to_be_bytes()].concat()
}

/// Executes one block and takes its changes.
pub fn seal(source: &mut MemorySource, number: u64, candidates: &[Arc<Recovered>]) -> Executed {
    let executed = execute_block(source, &environment(), &context(number), candidates).unwrap();
    source.apply(executed.changes.clone());
    executed
}
