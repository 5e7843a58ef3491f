//! A small chain: the native contracts of `contracts`, a compiled token and a compiled caller, and accounts.

use super::contracts::{self, HUB, LEAF, MAKER, RELAY, ROGUE, VAULT};
use crate::{
    executor::{BlockContext, Checks, Environment},
    native::{Contracts, NativeEvm},
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, hex};
use alloy_sol_types::{SolCall, sol};
use protocol::registry::{STUB_CODE, instance_code};
use revm::{
    Database, ExecuteCommitEvm,
    bytecode::Bytecode,
    context::{TxEnv, result::ExecutionResult},
    database::InMemoryDB,
    state::AccountInfo,
};
use types::{Params, Preset};

sol! {
    interface Token {
        event Transfer(address indexed from, address indexed to, uint256 value);
        function balanceOf(address owner) external view returns (uint256);
        function approve(address spender, uint256 value) external returns (bool);
        function transfer(address to, uint256 value) external returns (bool);
        function transferFrom(address from, address to, uint256 value) external returns (bool);
        function mint(address to, uint256 value) external;
        error InsufficientBalance(address owner, uint256 have, uint256 want);
    }
    interface Probe {
        function forward(address to, uint256 value, bytes data) external payable returns (bytes);
        function tryForward(address to, bytes data) external returns (bool ok, bytes out);
        function forwardThenBoom(address to, bytes data) external;
        function look(address to, bytes data) external view returns (bool ok, bytes out);
        function delegate(address to, bytes data) external returns (bool ok, bytes out);
        function callCode(address to, bytes data) external returns (bool ok, bytes out);
        function code(address who) external view returns (uint256 size, bytes32 hash);
        function marker() external view returns (uint256);
        error Boom(bytes inner);
    }
    interface HookToken {
        function setHook(address to, bytes data) external;
        function hookReply() external view returns (bytes);
    }
}

pub const ALICE: Address = address!("00000000000000000000000000000000000a11ce");
pub const BOB: Address = address!("0000000000000000000000000000000000000b0b");
pub const OPERATOR: Address = address!("0000000000000000000000000000000000000be2");
pub const TOKEN: Address = address!("0000000000000000000000000000000000070ce1");
pub const HOOK_TOKEN: Address = address!("0000000000000000000000000000000000070ce2");
pub const PROBE: Address = address!("00000000000000000000000000000000009f0be0");
/// An instance of [`contracts::COUNTER_KIND`] that is there from the start.
pub const COUNTER: Address = address!("0000000000000000000000000000000000c0c0c0");

/// The tables of this module's contracts.
pub const CONTRACTS: Contracts = Contracts { singleton: contracts::singleton, instance: contracts::instance };

pub type Chain<INSP = ()> = NativeEvm<InMemoryDB, INSP>;

pub const BLOCK: BlockContext = BlockContext {
    number: 1_000,
    timestamp: 1_700_000_000,
    parent_hash: B256::ZERO,
    base_fee: 0,
    gas_limit: 60_000_000,
    beneficiary: Address::ZERO,
    prev_randao: B256::repeat_byte(7),
};

pub fn environment() -> Environment {
    Environment::with_contracts(31_337, Params::preset(Preset::Fast), CONTRACTS)
}

/// A chain at genesis whose vault holds [`TOKEN`].
pub fn fresh() -> Chain {
    chain(TOKEN, ())
}

/// A chain at genesis whose vault holds `token`.
pub fn chain<INSP>(token: Address, inspector: INSP) -> Chain<INSP> {
    over(database(token), inspector)
}

/// An EVM over any database, with this module's contracts.
pub fn over<DB: Database, INSP>(database: DB, inspector: INSP) -> NativeEvm<DB, INSP> {
    environment().evm(database, &BLOCK, Checks::All { impersonated: false }, inspector)
}

pub fn database(token: Address) -> InMemoryDB {
    let mut db = InMemoryDB::default();
    for native in [VAULT, RELAY, ROGUE, HUB, LEAF, MAKER] {
        place(&mut db, native, Bytes::from_static(&STUB_CODE));
    }
    place(&mut db, COUNTER, instance_code(contracts::COUNTER_KIND));
    place(&mut db, TOKEN, compiled(include_str!("../testdata/Token.hex")));
    place(&mut db, HOOK_TOKEN, compiled(include_str!("../testdata/HookToken.hex")));
    place(&mut db, PROBE, compiled(include_str!("../testdata/Probe.hex")));
    let (slot, value) = contracts::vault_genesis(token);
    db.insert_account_storage(VAULT, slot, value).unwrap();
    for rich in [ALICE, BOB] {
        db.insert_account_info(rich, AccountInfo::from_balance(U256::from(1_000_000)));
    }
    db
}

fn compiled(hex_file: &str) -> Bytes {
    hex::decode(hex_file.trim()).unwrap().into()
}

/// Writes an account with code, as genesis and `anvil_setCode` do.
pub fn place(db: &mut InMemoryDB, at: Address, code: Bytes) {
    let code = Bytecode::new_legacy(code);
    let hash = code.hash_slow();
    db.insert_account_info(
        at,
        AccountInfo { nonce: 1, code_hash: hash, code: Some(code), ..Default::default() },
    );
}

pub fn db<INSP>(chain: &mut Chain<INSP>) -> &mut InMemoryDB {
    &mut chain.inner.ctx.journaled_state.database
}

/// A transaction of `from`; its nonce comes from the chain.
pub fn tx<INSP>(chain: &mut Chain<INSP>, from: Address, to: Address, data: impl Into<Bytes>) -> TxEnv {
    let nonce = db(chain).basic(from).unwrap().unwrap_or_default().nonce;
    TxEnv::builder()
        .caller(from)
        .kind(TxKind::Call(to))
        .data(data.into())
        .nonce(nonce)
        .chain_id(Some(31_337))
        .gas_limit(1_000_000)
        .build()
        .unwrap()
}

/// Sends a call and commits what it did.
pub fn send<INSP>(
    chain: &mut Chain<INSP>,
    from: Address,
    to: Address,
    data: impl Into<Bytes>,
) -> ExecutionResult {
    let tx = tx(chain, from, to, data);
    chain.transact_commit(tx).unwrap()
}

/// Calls as Alice, commits, expects success, decodes.
pub fn ok<C: SolCall, INSP>(chain: &mut Chain<INSP>, to: Address, call: C) -> C::Return {
    let result = send(chain, ALICE, to, call.abi_encode());
    assert!(result.is_success(), "{} failed: {result:?}", C::SIGNATURE);
    C::abi_decode_returns(result.output().unwrap()).unwrap()
}

/// Calls as Alice, commits, expects a revert, returns its data.
pub fn refused<C: SolCall>(chain: &mut Chain, to: Address, call: C) -> Bytes {
    match send(chain, ALICE, to, call.abi_encode()) {
        ExecutionResult::Revert { output, .. } => output,
        other => panic!("{} was not refused: {other:?}", C::SIGNATURE),
    }
}

pub fn u(value: u64) -> U256 {
    U256::from(value)
}

/// Gives Alice 1000 of `token`, all approved to the vault.
pub fn fund<INSP>(chain: &mut Chain<INSP>, token: Address) {
    ok(chain, token, Token::mintCall { to: ALICE, value: u(1000) });
    ok(chain, token, Token::approveCall { spender: VAULT, value: u(1000) });
}

pub fn forward_to(to: Address, data: impl SolCall) -> Probe::forwardCall {
    Probe::forwardCall { to, value: U256::ZERO, data: data.abi_encode().into() }
}

pub fn relay_to(to: Address, data: impl SolCall) -> contracts::Relay::relayCall {
    contracts::Relay::relayCall { to, value: U256::ZERO, data: data.abi_encode().into() }
}
