//! Native contracts that poke at the mechanism: a vault that moves tokens, one that calls anything, one that breaks the
//! rules, a pair that call each other as Rust functions, and a maker of instances.
#![allow(clippy::redundant_closure, reason = "a function would fix the lifetime inside `dyn Host`")]

use super::testkit::Token;
use alloy_primitives::{Address, Bytes, U256, address};
use alloy_sol_types::{SolCall, sol};
use protocol::{
    dispatch::{self, Calldata},
    guard::non_reentrant,
    host::{Error, Fatal, Host, NativeFn, Result, call_native, emit, revert},
    math::{add, sub},
    storage::{Map, Slot},
};

sol! {
    interface Vault {
        event Deposited(address indexed owner, address indexed operator, uint256 assets);
        error InsufficientShares(uint256 have, uint256 want);
        function deposit(address operator, uint256 assets) external returns (uint256 received);
        function withdraw(address operator, uint256 assets) external;
        function poolOf(address operator) external view returns (uint256);
        function sharesOf(address operator, address owner) external view returns (uint256);
    }
    interface Relay {
        event Relayed(address indexed to, bool ok);
        function relay(address to, uint256 value, bytes data) external payable returns (bytes);
        function tryRelay(address to, bytes data) external returns (bool ok, bytes out);
        function pay(address to, uint256 value) external returns (bool);
        function peek(address to, bytes data) external view returns (bool ok, bytes out);
        function count() external view returns (uint256);
        function block() external view returns (uint256 number, uint256 timestamp, bytes32 parent, uint256 kind);
    }
    interface Hub {
        event Seen(address indexed sender, bytes4 selector);
        error LeafRefused(uint256 value);
        /// Each calls the leaf's verb of the same kind as a Rust function.
        function note(uint256 value) external returns (uint256);
        function fail(uint256 value) external;
        function read() external view returns (uint256);
        function spend(address token, address to, uint256 value) external;
        function pay(address to, uint256 value) external payable;
        function deep(uint256 levels) external returns (uint256);
        /// Reads the vault's storage, which it does not own.
        function poolOf(address operator) external view returns (uint256);
    }
    interface Maker {
        error NotNow();
        function make(uint16 kind) external returns (address);
        function makeAndRevert(uint16 kind) external;
        function kindOf(address of) external view returns (uint256);
    }
    interface Counter {
        function bump() external returns (uint256);
        function count() external view returns (uint256);
    }
}

pub const VAULT: Address = address!("0000000000000000000000000000000000b01001");
pub const RELAY: Address = address!("0000000000000000000000000000000000b01002");
pub const ROGUE: Address = address!("0000000000000000000000000000000000b01003");
pub const HUB: Address = address!("0000000000000000000000000000000000b01004");
pub const LEAF: Address = address!("0000000000000000000000000000000000b01005");
pub const MAKER: Address = address!("0000000000000000000000000000000000b01006");
pub const COUNTER_KIND: u16 = 0x0c07;

pub fn singleton(address: Address) -> Option<NativeFn> {
    let table: [(Address, NativeFn); 6] =
        [(VAULT, vault), (RELAY, relay), (ROGUE, rogue), (HUB, hub), (LEAF, leaf), (MAKER, maker)];
    table.iter().find(|(at, _)| *at == address).map(|(_, entry)| *entry)
}

pub fn instance(kind: u16) -> Option<NativeFn> {
    (kind == COUNTER_KIND).then_some(counter)
}

const TOKEN: Slot<Address> = Slot::at(0);
const POOL: Map<Address, U256> = Map::on(VAULT, 1);
const SHARES: Map<(Address, Address), U256> = Map::at(2);

/// The storage that a genesis state gives the vault.
pub fn vault_genesis(token: Address) -> (U256, U256) {
    TOKEN.entry(token)
}

fn vault(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        Vault::depositCall::SELECTOR => {
            dispatch::write(host, calldata, |host, call| non_reentrant(host, |host| deposit(host, call)))
        }
        Vault::withdrawCall::SELECTOR => {
            dispatch::write(host, calldata, |host, call| non_reentrant(host, |host| withdraw(host, call)))
        }
        Vault::poolOfCall::SELECTOR => {
            dispatch::view(host, calldata, |view, call: Vault::poolOfCall| Ok(POOL.get(view, call.operator)?))
        }
        Vault::sharesOfCall::SELECTOR => dispatch::view(host, calldata, |view, call: Vault::sharesOfCall| {
            Ok(SHARES.get(view, (call.operator, call.owner))?)
        }),
        _ => protocol::host::revert_empty(),
    }
}

/// Three calls of the token: what counts is what arrives.
fn deposit(host: &mut dyn Host, call: Vault::depositCall) -> Result<U256> {
    let Vault::depositCall { operator, assets } = call;
    let (owner, this) = (host.msg().sender, host.msg().this);
    let token = TOKEN.get(host)?;
    let before = dispatch::static_call(host, token, &Token::balanceOfCall { owner: this })?;
    dispatch::call(host, token, &Token::transferFromCall { from: owner, to: this, value: assets })?;
    let after = dispatch::static_call(host, token, &Token::balanceOfCall { owner: this })?;
    let received = sub(after, before)?;
    let pool = POOL.get(host, operator)?;
    POOL.set(host, operator, add(pool, received)?)?;
    let shares = SHARES.get(host, (operator, owner))?;
    SHARES.set(host, (operator, owner), add(shares, received)?)?;
    emit(host, &Vault::Deposited { owner, operator, assets: received })?;
    Ok(received)
}

fn withdraw(host: &mut dyn Host, call: Vault::withdrawCall) -> Result<()> {
    let Vault::withdrawCall { operator, assets } = call;
    let owner = host.msg().sender;
    let have = SHARES.get(host, (operator, owner))?;
    if have < assets {
        return revert(Vault::InsufficientShares { have, want: assets });
    }
    SHARES.set(host, (operator, owner), sub(have, assets)?)?;
    let pool = POOL.get(host, operator)?;
    POOL.set(host, operator, sub(pool, assets)?)?;
    let token = TOKEN.get(host)?;
    dispatch::call(host, token, &Token::transferCall { to: owner, value: assets })?;
    Ok(())
}

const COUNT: Slot<U256> = Slot::at(0);

fn bump(host: &mut dyn Host) -> Result<U256> {
    let count = add(COUNT.get(host)?, U256::ONE)?;
    COUNT.set(host, count)?;
    Ok(count)
}

fn relay(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        Relay::relayCall::SELECTOR => dispatch::payable(host, calldata, pass_on),
        Relay::tryRelayCall::SELECTOR => {
            dispatch::write(host, calldata, |host, call: Relay::tryRelayCall| {
                bump(host)?;
                let reply = host.call(call.to, U256::ZERO, call.data)?;
                emit(host, &Relay::Relayed { to: call.to, ok: reply.is_success() })?;
                Ok((reply.is_success(), reply.data))
            })
        }
        Relay::payCall::SELECTOR => dispatch::write(host, calldata, |host, call: Relay::payCall| {
            Ok(host.transfer(call.to, call.value)?.is_success())
        }),
        Relay::peekCall::SELECTOR => dispatch::view(host, calldata, |view, call: Relay::peekCall| {
            let reply = view.static_call(call.to, call.data)?;
            Ok((reply.is_success(), reply.data))
        }),
        Relay::countCall::SELECTOR => {
            dispatch::view(host, calldata, |view, _: Relay::countCall| Ok(COUNT.get(view)?))
        }
        Relay::blockCall::SELECTOR => dispatch::view(host, calldata, |view, _: Relay::blockCall| {
            let block = view.block();
            let parent = view.block_hash(block.number.saturating_sub(1))?;
            Ok((U256::from(block.number), U256::from(block.timestamp), parent, U256::from(block.chain_id)))
        }),
        _ => protocol::host::revert_empty(),
    }
}

/// Leaves traces on both sides of the call, so that a rollback has something to undo.
fn pass_on(host: &mut dyn Host, call: Relay::relayCall) -> Result<Bytes> {
    bump(host)?;
    let output = host.call(call.to, call.value, call.data)?.bubble()?;
    emit(host, &Relay::Relayed { to: call.to, ok: true })?;
    Ok(output)
}

/// No dispatcher, and so no guards: writes on empty input, breaks a rule on one byte, else calls the address that
/// leads the input.
fn rogue(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    if input.len() == 1 {
        return Err(Error::Fatal(Fatal::Broken("the rogue keeps the rules")));
    }
    let Some((to, data)) = input.split_first_chunk::<20>() else {
        COUNT.set(host, U256::ONE)?;
        return Ok(Bytes::new());
    };
    host.call(to.into(), U256::ZERO, Bytes::copy_from_slice(data))?.bubble()
}

fn hub(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        Hub::noteCall::SELECTOR => dispatch::write(host, calldata, |host, call: Hub::noteCall| {
            bump(host)?;
            let answer = call_native(host, LEAF, call, |host, call| leaf_note(host, call))?;
            let msg = host.msg();
            emit(host, &Hub::Seen { sender: msg.sender, selector: msg.selector.into() })?;
            Ok(answer)
        }),
        Hub::failCall::SELECTOR => dispatch::write(host, calldata, |host, call: Hub::failCall| {
            bump(host)?;
            call_native(host, LEAF, call, |host, call: Hub::failCall| -> Result<()> {
                bump(host)?;
                revert(Hub::LeafRefused { value: call.value })
            })
        }),
        Hub::readCall::SELECTOR => dispatch::view(host, calldata, |view, call: Hub::readCall| {
            call_native(view, LEAF, call, |view, _: Hub::readCall| Ok(COUNT.get(view)?))
        }),
        Hub::spendCall::SELECTOR => dispatch::write(host, calldata, |host, call: Hub::spendCall| {
            call_native(host, LEAF, call, |host, call: Hub::spendCall| {
                dispatch::call(host, call.token, &Token::transferCall { to: call.to, value: call.value })?;
                Ok(())
            })
        }),
        Hub::payCall::SELECTOR => dispatch::payable(host, calldata, |host, call: Hub::payCall| {
            call_native(host, LEAF, call, |host, call: Hub::payCall| {
                host.call(call.to, call.value, Bytes::new())?.bubble()?;
                Ok(())
            })
        }),
        Hub::deepCall::SELECTOR => dispatch::write(host, calldata, deep),
        Hub::poolOfCall::SELECTOR => {
            dispatch::view(host, calldata, |view, call: Hub::poolOfCall| Ok(POOL.get(view, call.operator)?))
        }
        _ => protocol::host::revert_empty(),
    }
}

fn leaf_note(host: &mut dyn Host, call: Hub::noteCall) -> Result<U256> {
    let count = bump(host)?;
    let msg = host.msg();
    emit(host, &Hub::Seen { sender: msg.sender, selector: msg.selector.into() })?;
    add(count, call.value)
}

/// Hub and leaf call each other as Rust functions so many times.
fn deep(host: &mut dyn Host, call: Hub::deepCall) -> Result<U256> {
    let Some(left) = call.levels.checked_sub(U256::ONE) else { return bump(host) };
    let next = if host.msg().this == HUB { LEAF } else { HUB };
    call_native(host, next, Hub::deepCall { levels: left }, |host, call| deep(host, call))
}

/// The leaf called as a contract: it counts who called it how.
fn leaf(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        Hub::noteCall::SELECTOR => dispatch::write(host, calldata, leaf_note),
        Hub::readCall::SELECTOR => {
            dispatch::view(host, calldata, |view, _: Hub::readCall| Ok(COUNT.get(view)?))
        }
        _ => protocol::host::revert_empty(),
    }
}

fn maker(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        Maker::makeCall::SELECTOR => dispatch::write(host, calldata, |host, call: Maker::makeCall| {
            let made = host.create_instance(call.kind)?;
            // The maker sets the first value of what it made.
            host.sstore(made, COUNT.entry(U256::ZERO).0, U256::from(40))?;
            Ok(made)
        }),
        Maker::makeAndRevertCall::SELECTOR => {
            dispatch::write(host, calldata, |host, call: Maker::makeAndRevertCall| {
                host.create_instance(call.kind)?;
                revert::<()>(Maker::NotNow {})
            })
        }
        Maker::kindOfCall::SELECTOR => dispatch::view(host, calldata, |view, call: Maker::kindOfCall| {
            Ok(view.instance_kind(call.of)?.map_or(U256::MAX, U256::from))
        }),
        _ => protocol::host::revert_empty(),
    }
}

fn counter(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        Counter::bumpCall::SELECTOR => {
            dispatch::write(host, calldata, |host, _: Counter::bumpCall| bump(host))
        }
        Counter::countCall::SELECTOR => {
            dispatch::view(host, calldata, |view, _: Counter::countCall| Ok(COUNT.get(view)?))
        }
        _ => protocol::host::revert_empty(),
    }
}
