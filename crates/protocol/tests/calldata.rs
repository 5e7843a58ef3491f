//! Bad calldata at every door of every contract: cut short at each word, each word dirty, arrays of 10^5 entries,
//! duplicates and disorder. The answer is a verb's or a revert, never a panic or a failure of the node, and what is cut
//! within its head is refused without data, as Solidity's decoder does.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test: it may fail by panicking"
)]

use alloy_dyn_abi::{DynSolType, DynSolValue, JsonAbiExt, Specifier};
use alloy_json_abi::{Function, StateMutability};
use alloy_primitives::{Address, B256, Bytes, I256, U256};
use protocol::{
    genesis::Setup,
    host::{BlockInfo, Error, Fatal, Result},
    mem::MemHost,
};
use types::{Params, Preset, Rules, abi, addresses, params::Roles};

const SOMEBODY: Address = Address::repeat_byte(0xbb);
const GAS: u64 = 30_000_000;
/// Entries of a long array.
const MANY: usize = 100_000;

/// The contracts with their doors.
fn doors() -> Vec<(Address, Function)> {
    let contracts = addresses::NAMED.iter().chain(addresses::NAMED_IN_DEV);
    let doors = contracts
        .filter_map(|(name, at)| Some((*at, abi::json(name)?)))
        .flat_map(|(at, abi)| abi.functions().map(|function| (at, function.clone())).collect::<Vec<_>>());
    let strategy = abi::json("StrategyBase").expect("an ABI");
    let strategies = strategy.functions().map(|it| (addresses::TEST_TOKEN_STRATEGY, it.clone()));
    doors.chain(strategies).collect()
}

fn chain(rules: Rules) -> MemHost {
    let params = Params { rules, ..Params::preset(Preset::Fast) };
    let roles = Roles::all_held_by(Address::repeat_byte(0x0a));
    let block = BlockInfo { number: 1000, timestamp: 1_700_000_000, chain_id: 31337, ..BlockInfo::default() };
    MemHost::new(&Setup { params: &params, roles: &roles, dev: true }, block)
}

/// Something of a type: `long` entries in its arrays, all alike.
fn value(kind: &DynSolType, long: usize) -> DynSolValue {
    match kind {
        DynSolType::Bool => DynSolValue::Bool(true),
        DynSolType::Int(bits) => DynSolValue::Int(I256::ONE, *bits),
        DynSolType::Uint(bits) => DynSolValue::Uint(U256::ONE, *bits),
        DynSolType::FixedBytes(size) => DynSolValue::FixedBytes(B256::ZERO, *size),
        DynSolType::Address => DynSolValue::Address(SOMEBODY),
        DynSolType::Bytes => DynSolValue::Bytes(vec![7; 65]),
        DynSolType::String => DynSolValue::String("ipfs://".into()),
        DynSolType::Array(item) => DynSolValue::Array(vec![value(item, 1); long]),
        DynSolType::FixedArray(item, count) => DynSolValue::FixedArray(vec![value(item, 1); *count]),
        DynSolType::Tuple(items) => DynSolValue::Tuple(items.iter().map(|item| value(item, long)).collect()),
        other => panic!("no contract takes {other}"),
    }
}

fn kinds(function: &Function) -> Vec<DynSolType> {
    function.inputs.iter().map(|input| input.resolve().expect("a type")).collect()
}

fn encoded(function: &Function, long: usize) -> Vec<u8> {
    let values: Vec<DynSolValue> = kinds(function).iter().map(|kind| value(kind, long)).collect();
    function.abi_encode_input(&values).expect("calldata")
}

fn send(chain: &mut MemHost, at: Address, input: &[u8]) -> Result<Bytes> {
    chain.send(SOMEBODY, at, U256::ZERO, input, GAS).answer
}

fn must_be_an_answer(answer: &Result<Bytes>, function: &Function, how: &str) {
    let is_answer = match answer {
        Ok(_) | Err(Error::Revert(_)) => true,
        Err(Error::Fatal(fatal)) => matches!(fatal, Fatal::OutOfGas | Fatal::Invalid),
    };
    assert!(is_answer, "{} {how}: {answer:?}", function.signature());
}

#[test]
fn what_is_cut_short_or_dirty_is_answered_or_refused() {
    for rules in [Rules::Mainnet, Rules::Slashing2025] {
        let mut chain = chain(rules);
        for (at, function) in doors() {
            let whole = encoded(&function, 2);
            must_be_an_answer(&send(&mut chain, at, &whole), &function, "whole");
            let head: usize = kinds(&function).iter().map(head_bytes).sum();
            for end in (4..whole.len()).step_by(32) {
                let answer = send(&mut chain, at, &whole[..end]);
                must_be_an_answer(&answer, &function, "cut short");
                if end < 4 + head {
                    let refused = Err(Error::Revert(Bytes::new()));
                    assert_eq!(answer, refused, "{} of {end} bytes", function.signature());
                }
                let mut dirty = whole.clone();
                dirty[end] |= 0x80;
                must_be_an_answer(&send(&mut chain, at, &dirty), &function, "dirty");
            }
        }
    }
}

/// Bytes that a type takes in the head of calldata.
fn head_bytes(kind: &DynSolType) -> usize {
    match kind {
        kind if is_dynamic(kind) => 32,
        DynSolType::FixedArray(item, count) => count * head_bytes(item),
        DynSolType::Tuple(items) => items.iter().map(head_bytes).sum(),
        _ => 32,
    }
}

fn is_dynamic(kind: &DynSolType) -> bool {
    match kind {
        DynSolType::Bytes | DynSolType::String | DynSolType::Array(_) => true,
        DynSolType::FixedArray(item, _) => is_dynamic(item),
        DynSolType::Tuple(items) => items.iter().any(is_dynamic),
        _ => false,
    }
}

#[test]
fn value_is_refused_without_data_where_nothing_is_paid() {
    let mut chain = chain(Rules::Pinned);
    chain.fund(SOMEBODY, U256::from(1_000));
    for (at, function) in doors() {
        if function.state_mutability != StateMutability::Payable {
            let answer = chain.send(SOMEBODY, at, U256::ONE, &encoded(&function, 1), GAS).answer;
            assert_eq!(answer, Err(Error::Revert(Bytes::new())), "{}", function.signature());
        }
    }
}

/// Duplicates where there may be none, and no order where there must be one: all entries are alike.
#[test]
fn arrays_of_a_hundred_thousand_entries_end_in_an_answer_or_out_of_gas() {
    let mut chain = chain(Rules::Mainnet);
    for (at, function) in doors() {
        if kinds(&function).iter().any(is_list) {
            must_be_an_answer(&send(&mut chain, at, &encoded(&function, MANY)), &function, "long");
        }
    }
}

fn is_list(kind: &DynSolType) -> bool {
    match kind {
        DynSolType::Array(_) => true,
        DynSolType::Tuple(items) => items.iter().any(is_list),
        _ => false,
    }
}
