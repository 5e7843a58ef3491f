//! Contracts that exist for the comparison only, the same native code in both worlds: a token that rebases and has
//! moods, a service's registrar with moods, a wallet whose signatures a contract judges (EIP-1271), pods.

use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256, address, hex, keccak256};
use alloy_sol_types::{SolCall, SolValue, sol};
use protocol::{
    audit,
    dispatch::{self, Calldata, view, write},
    host::{Error, Host, NativeFn, Result, View, emit, require, revert, revert_empty},
    math::{WAD_U256, add, div, mul, sub},
    registry,
    storage::{Map, Slot},
    test_token,
};
use types::{
    abi::{
        IDelegationManager::undelegateCall,
        IERC20::{
            Transfer, allowanceCall, approveCall, balanceOfCall, decimalsCall, transferCall, transferFromCall,
        },
        IStrategyManager::burnSharesCall,
        ITestToken::mintCall,
    },
    addresses::{ALLOCATION_MANAGER, DELEGATION_MANAGER, STRATEGY_MANAGER},
};

use crate::originals::release::IAllocations;

/// A token whose balances are shares of a pool that grows and shrinks.
pub const REBASING: Address = address!("0x00000000000000000000000000000000007000e1");
/// An ordinary token, under a strategy with limits.
pub const LIMITED: Address = address!("0x00000000000000000000000000000000007000e2");
/// A token that lies, re-enters and fails.
pub const MOODY: Address = address!("0x00000000000000000000000000000000007000e3");
/// The service that is its own registrar.
pub const SERVICE: Address = address!("0x00000000000000000000000000000000007000f1");
/// A registrar for services that have no code.
pub const REGISTRAR: Address = address!("0x00000000000000000000000000000000007000f2");
/// A wallet that holds stake.
pub const WALLET: Address = address!("0x00000000000000000000000000000000007000d1");
/// A wallet that approves delegations.
pub const APPROVER: Address = address!("0x00000000000000000000000000000000007000d2");

/// A contract that calls on for whoever asks, and so acts as an account with code.
pub const RELAY: Address = address!("0x00000000000000000000000000000000007000d3");
/// Bytecode of a wallet that takes any signature.
pub const EASY_WALLET: Address = address!("0x00000000000000000000000000000000007000d4");
/// Its code: `isValidSignature`'s selector, whatever it is asked.
pub const EASY_WALLET_CODE: [u8; 15] = hex!("631626ba7e60e01b5f5260205ff300");

/// Pods: contracts that tell the EigenPodManager of balances.
pub const PODS: [Address; 4] = [
    address!("0x00000000000000000000000000000000007000c1"),
    address!("0x00000000000000000000000000000000007000c2"),
    address!("0x00000000000000000000000000000000007000c3"),
    address!("0x00000000000000000000000000000000007000c4"),
];

sol! {
    #[derive(Debug, PartialEq, Eq)]
    interface IProp {
        error InMood();

        /// Changes how the contract behaves.
        function setMood(uint64 mood) external;
        /// Scales every balance to `wad` of what it is.
        function rebase(uint256 wad) external;
        function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4);
        function registerOperator(address operator, address avs, uint32[] calldata ids, bytes calldata data) external;
        function deregisterOperator(address operator, address avs, uint32[] calldata ids) external;
        function supportsAVS(address avs) external view returns (bool);
        /// Calls on, as a contract does, and tells how it went.
        function relay(address to, bytes calldata data, bool isStatic) external returns (bool, bytes memory);
        function withdrawRestakedBeaconChainETH(address recipient, uint256 amount) external;
    }
}

pub use IProp::relayCall;
use IProp::{
    InMood, deregisterOperatorCall, isValidSignatureCall, rebaseCall, registerOperatorCall, setMoodCall,
    supportsAVSCall, withdrawRestakedBeaconChainETHCall,
};

/// Bytes of an answer that is longer than it should be.
const LONG_ANSWER: usize = 20_000;

const MOOD: Slot<u64> = Slot::at(0);
const INDEX: Slot<U256> = Slot::at(1);
const SHARES: Map<Address, U256> = Map::at(2);
const ALLOWANCES: Map<(Address, Address), U256> = Map::at(3);

/// Moods of a token: how it answers a transfer. Above the last it is good.
pub const TOKEN_MOODS: u64 = 15;
/// Moods of a registrar.
pub const REGISTRAR_MOODS: u64 = 4;

/// The native contracts of both worlds.
pub fn contract(at: Address) -> Option<NativeFn> {
    match at {
        REBASING | MOODY => Some(token),
        LIMITED => Some(test_token::main),
        SERVICE | REGISTRAR => Some(registrar),
        WALLET | APPROVER => Some(wallet),
        RELAY => Some(relay),
        _ if PODS.contains(&at) => Some(pod),
        audit::ADDRESS => Some(audit::main),
        _ => registry::singleton(at),
    }
}

/// The signature that the wallets accept.
pub fn wallet_signature(hash: B256) -> Bytes {
    keccak256(hash).to_vec().into()
}

fn token(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        setMoodCall::SELECTOR => write(host, calldata, set_mood),
        rebaseCall::SELECTOR => write(host, calldata, |host, call: rebaseCall| {
            let scaled = div(mul(index(host)?, call.wad)?, WAD_U256)?;
            Ok(INDEX.set(host, scaled)?)
        }),
        mintCall::SELECTOR => write(host, calldata, |host, call: mintCall| {
            let more = in_shares(host, call.value)?;
            let held = SHARES.get(host, call.to)?;
            SHARES.set(host, call.to, add(held, more)?)?;
            emit(host, &Transfer { from: Address::ZERO, to: call.to, value: call.value })
        }),
        approveCall::SELECTOR => write(host, calldata, |host, call: approveCall| {
            let owner = host.msg().sender;
            ALLOWANCES.set(host, (owner, call.spender), call.value)?;
            Ok(true)
        }),
        balanceOfCall::SELECTOR if MOOD.get(host)? == 13 => revert(InMood {}),
        balanceOfCall::SELECTOR if MOOD.get(host)? == 14 => Ok(Bytes::new()),
        balanceOfCall::SELECTOR => view(host, calldata, |view, call: balanceOfCall| {
            let shares = SHARES.get(view, call.account)?;
            div(mul(shares, index(view)?)?, WAD_U256)
        }),
        allowanceCall::SELECTOR => view(host, calldata, |view, call: allowanceCall| {
            Ok(ALLOWANCES.get(view, (call.owner, call.spender))?)
        }),
        decimalsCall::SELECTOR => view(host, calldata, |_, _: decimalsCall| Ok(6u8)),
        transferCall::SELECTOR => {
            let call = transferCall::abi_decode_raw(&input[4..]).or_else(|_| revert_empty())?;
            let from = host.msg().sender;
            shift(host, from, call.to, call.value)
        }
        transferFromCall::SELECTOR => {
            let call = transferFromCall::abi_decode_raw(&input[4..]).or_else(|_| revert_empty())?;
            let key = (call.from, host.msg().sender);
            let left = sub(ALLOWANCES.get(host, key)?, call.value)?;
            ALLOWANCES.set(host, key, left)?;
            shift(host, call.from, call.to, call.value)
        }
        _ => revert_empty(),
    }
}

/// Moves tokens as the mood is, and answers as it is.
fn shift(host: &mut dyn Host, from: Address, to: Address, value: U256) -> Result<Bytes> {
    let mood = MOOD.get(host)?;
    let word = |value: u64| Ok(U256::from(value).abi_encode().into());
    match mood {
        1 => return word(0),
        2 => return revert(InMood {}),
        3 => return revert_empty(),
        9 => return Err(Error::Revert(vec![0xee; LONG_ANSWER].into())),
        // Takes a hundredth for itself.
        4 => carry(host, from, to, sub(value, div(value, U256::from(100))?)?)?,
        5 => {
            let this = host.msg().this;
            dispatch::call(host, STRATEGY_MANAGER, &burnSharesCall { strategy: this })?;
        }
        6 => {
            let this = host.msg().this;
            dispatch::call(host, DELEGATION_MANAGER, &undelegateCall { staker: this })?;
        }
        _ => carry(host, from, to, value)?,
    }
    match mood {
        7 => Ok(Bytes::new()),
        8 => word(2),
        10 => Ok(vec![1; 31].into()),
        11 => Ok([U256::ONE.abi_encode(), vec![0xee; LONG_ANSWER]].concat().into()),
        12 => Ok([vec![0xee; 32], U256::ONE.abi_encode()].concat().into()),
        _ => word(1),
    }
}

fn carry(host: &mut dyn Host, from: Address, to: Address, value: U256) -> Result<()> {
    let shares = in_shares(host, value)?;
    let left = sub(SHARES.get(host, from)?, shares)?;
    SHARES.set(host, from, left)?;
    let held = SHARES.get(host, to)?;
    SHARES.set(host, to, add(held, shares)?)?;
    emit(host, &Transfer { from, to, value })
}

fn in_shares<V: View + ?Sized>(view: &mut V, value: U256) -> Result<U256> {
    div(mul(value, WAD_U256)?, index(view)?)
}

/// What a share is worth, as a wad; one until the first rebase.
fn index<V: View + ?Sized>(view: &mut V) -> Result<U256> {
    let stored = INDEX.get(view)?;
    Ok(if stored.is_zero() { WAD_U256 } else { stored })
}

fn set_mood(host: &mut dyn Host, call: setMoodCall) -> Result<()> {
    Ok(MOOD.set(host, call.mood)?)
}

fn registrar(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        setMoodCall::SELECTOR => write(host, calldata, set_mood),
        supportsAVSCall::SELECTOR => {
            view(host, calldata, |view, _: supportsAVSCall| Ok(MOOD.get(view)? != 2))
        }
        registerOperatorCall::SELECTOR => write(host, calldata, |host, call: registerOperatorCall| {
            let mood = MOOD.get(host)?;
            require(mood != 1, InMood {})?;
            if mood == 3 {
                let params = IAllocations::DeregisterParams {
                    operator: call.operator,
                    avs: call.avs,
                    operatorSetIds: call.ids,
                };
                let leave = IAllocations::deregisterFromOperatorSetsCall { params };
                dispatch::call(host, ALLOCATION_MANAGER, &leave)?;
            }
            Ok(())
        }),
        deregisterOperatorCall::SELECTOR => {
            write(host, calldata, |host, _: deregisterOperatorCall| require(MOOD.get(host)? != 1, InMood {}))
        }
        _ => revert_empty(),
    }
}

fn wallet(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        isValidSignatureCall::SELECTOR => view(host, calldata, |_, call: isValidSignatureCall| {
            let good = call.signature == wallet_signature(call.hash);
            Ok(FixedBytes::from(if good { isValidSignatureCall::SELECTOR } else { [0; 4] }))
        }),
        _ => revert_empty(),
    }
}

/// Pays in ether that nobody counts here, or is in no mood to.
fn pod(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        setMoodCall::SELECTOR => write(host, calldata, set_mood),
        withdrawRestakedBeaconChainETHCall::SELECTOR => {
            write(host, calldata, |host, _: withdrawRestakedBeaconChainETHCall| {
                require(MOOD.get(host)? == 0, InMood {})
            })
        }
        _ => revert_empty(),
    }
}

/// Calls on in its own name.
fn relay(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        relayCall::SELECTOR => write(host, calldata, |host, call: relayCall| {
            let reply = if call.isStatic {
                host.static_call(call.to, call.data)?
            } else {
                host.call(call.to, U256::ZERO, call.data)?
            };
            Ok((reply.is_success(), reply.data))
        }),
        _ => revert_empty(),
    }
}
